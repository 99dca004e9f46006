import { useEffect, useId, useRef, useState } from 'react'
import { When } from '../parts/times.tsx'
import { count, counted } from '../words/words.ts'
import { forget, keep, readKept } from './kept.ts'
import type { Told } from './messages.ts'
import { Proves, Report } from './report.tsx'
import { ask } from './working.ts'

export function Verification({ origin, vkey }: { origin: string; vkey: string }) {
  const [told, setTold] = useState<Told | { readonly kind: 'stopped'; readonly done: number; readonly size: number }>()
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

  const stop = () => {
    end.current?.()
    if (told?.kind === 'progress') setTold({ ...told, kind: 'stopped' })
  }

  return (
    <>
      {kept && kept.vkey !== vkey && (
        <p className="trouble" role="alert">
          <strong>This deployment now names another key than it did when this browser first verified it.</strong> Unless
          you were told of a new key, believe neither before you have asked.{' '}
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
        {kept ? 'the key that this browser saw first' : 'the key that this deployment names itself'}.
      </p>
      <p className="downloads">
        <button type="button" className="primary" onClick={begin} disabled={told?.kind === 'progress'}>
          {told?.kind === 'progress' ? 'Verifying…' : 'Verify now'}
        </button>
        {told?.kind === 'progress' && (
          <button type="button" onClick={stop}>
            Stop
          </button>
        )}
        <span className="soft">It runs beside this page, which stays usable.</span>
      </p>
      {told?.kind === 'progress' && (
        <div className="verification">
          <progress max={told.size || 1} value={told.done} aria-label="Entries verified" />
          <p className="soft">
            {count(told.done)} of {told.size ? count(told.size) : '…'} entries
          </p>
        </div>
      )}
      <div aria-live="polite" className="verification">
        {told?.kind === 'stopped' && (
          <p className="soft">
            Stopped after {count(told.done)} of {count(told.size)} entries. That is no verdict on the ledger.
          </p>
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
