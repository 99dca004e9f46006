import type { LedgerReport } from '@countersign/core/verify'
import { useEffect, useId, useRef, useState } from 'react'
import { When } from '../parts/times.tsx'
import { count, counted } from '../words/words.ts'
import { forget, keep, readKept } from './kept.ts'
import type { Told } from './messages.ts'
import { ask } from './working.ts'

export function Verification({ origin, vkey }: { origin: string; vkey: string }) {
  const [told, setTold] = useState<Told>()
  const [key, setKey] = useState('')
  const [kept, setKept] = useState(() => readKept(origin))
  const [before, setBefore] = useState(kept)
  const end = useRef<() => void>(undefined)
  const field = useId()
  useEffect(() => () => end.current?.(), [])

  const used = key.trim() === '' ? (kept?.vkey ?? vkey) : key.trim()
  const begin = () => {
    end.current?.()
    setBefore(kept)
    setTold({ kind: 'progress', done: 0, size: 0 })
    const known = kept?.vkey === used ? kept.checkpoint : undefined
    end.current = ask({ kind: 'verify', origin: location.origin, vkey: used, known }, (next) => {
      if (next.kind === 'verified' && next.report.problems.length === 0 && next.checkpoint !== undefined) {
        const now = { vkey: used, checkpoint: next.checkpoint, size: next.report.size, at: Date.now() }
        keep(origin, now)
        setKept(now)
      }
      setTold(next)
    })
  }

  return (
    <>
      {kept && kept.vkey !== vkey && (
        <p className="trouble" role="alert">
          <strong>This house now names another key than it did when this browser first verified it.</strong> Unless you
          were told of a new key, believe neither before you have asked.{' '}
          <button
            type="button"
            className="quiet"
            onClick={() => {
              forget(origin)
              setKept(undefined)
            }}
          >
            I was told: forget the old one
          </button>
        </p>
      )}
      <label htmlFor={field}>Key of the log</label>
      <input
        id={field}
        className="mono wide"
        value={key}
        onChange={(event) => setKey(event.target.value)}
        placeholder={used}
        spellCheck={false}
        autoComplete="off"
      />
      <p className="soft hint">
        Paste the key that you were given by another way. Left empty, it is{' '}
        {kept ? 'the key that this browser saw first' : 'the key that this house names itself'}.
      </p>
      <button type="button" className="primary" onClick={begin} disabled={told?.kind === 'progress'}>
        {told?.kind === 'progress' ? 'Verifying…' : 'Verify now'}
      </button>
      <div aria-live="polite" className="verification">
        {told?.kind === 'progress' && (
          <>
            <progress max={told.size || 1} value={told.done} aria-label="Entries verified" />
            <p className="soft">
              {count(told.done)} of {told.size ? count(told.size) : '…'} entries
            </p>
          </>
        )}
        {told?.kind === 'failed' && (
          <p className="trouble">
            <strong>The check could not be finished.</strong> {told.says} That is no verdict on the ledger.
          </p>
        )}
        {told?.kind === 'verified' && <Report report={told.report} />}
        {told?.kind === 'verified' && before && before.vkey === used && told.report.problems.length === 0 && (
          <p>
            It also continues what this browser verified <When at={new Date(before.at).toISOString()} /> (
            {counted(before.size, 'entry', 'entries')}): none of them was changed or removed since.
          </p>
        )}
      </div>
      <Proves />
    </>
  )
}

function Report({ report: { size, root, problems, furtherProblems, counts } }: { report: LedgerReport }) {
  if (problems.length > 0) {
    return (
      <div className="trouble">
        <strong>This ledger does not add up.</strong>
        <ul>
          {problems.slice(0, 20).map(({ index, says }, at) => (
            <li key={at}>
              {index !== undefined && <span className="mono">entry {index}: </span>}
              {says}
            </li>
          ))}
        </ul>
        {problems.length + furtherProblems > 20 && <p>and {count(problems.length + furtherProblems - 20)} more.</p>}
      </div>
    )
  }
  return (
    <div className="verified">
      <p>
        <b>✓ {counted(size, 'entry', 'entries')} add up</b> to the signed root <span className="mono">{root}</span>
      </p>
      <details>
        <summary>What is in it</summary>
        <table className="data">
          <tbody>
            {Object.entries(counts)
              .toSorted(([, one], [, other]) => other - one)
              .map(([type, times]) => (
                <tr key={type}>
                  <td className="mono">{type}</td>
                  <td className="number">{count(times)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </details>
    </div>
  )
}

function Proves() {
  return (
    <div className="proves">
      <div>
        <h3>What it proves</h3>
        <ul>
          <li>Every entry is there, in order and unaltered, under a root that the log’s key signed.</li>
          <li>
            The entries tell a sound story: nothing ran without leave, no grant was spent twice, nobody signed their
            own.
          </li>
          <li>If this browser verified it before: none of that was changed or removed since.</li>
        </ul>
      </div>
      <div>
        <h3>What it does not prove</h3>
        <ul>
          <li>That others are shown the same ledger: no witness outside has signed this head (unanchored).</li>
          <li>That the newest entries are not held back.</li>
          <li>
            That this page is honest: it comes from the house that it checks. Whoever must not trust the house uses the
            command line with a key from elsewhere.
          </li>
        </ul>
      </div>
    </div>
  )
}
