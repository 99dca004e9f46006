import { useEffect, useRef, useState } from 'react'
import { count } from '../words/words.ts'
import type { Told } from './messages.ts'
import { ask } from './working.ts'

/** Kept within what a browser can hold; larger ledgers are copied with the command line. */
const mostEntries = 500_000

export function Download({ checkpoint }: { checkpoint: string | undefined }) {
  const [state, setState] = useState<Told>()
  const size = Number(checkpoint?.split('\n')[1] ?? 0)
  const end = useRef<() => void>(undefined)
  useEffect(() => () => end.current?.(), [])
  const busy = state?.kind === 'progress'

  const begin = () => {
    setState({ kind: 'progress', done: 0, size: 0 })
    end.current = ask({ kind: 'download', origin: location.origin, size }, (told) => {
      if (told.kind === 'archive') save(told.bytes)
      setState(told)
    })
  }
  return (
    <p className="downloads">
      <button type="button" onClick={begin} disabled={busy || size === 0 || size > mostEntries}>
        {busy ? `Copying… ${count(state.done)} of ${count(state.size)} files` : 'Download all of it (.tar)'}
      </button>
      {busy && (
        <button
          type="button"
          onClick={() => {
            end.current?.()
            setState(undefined)
          }}
        >
          Stop
        </button>
      )}
      <a className="button quiet" href="/ledger/checkpoint" download="checkpoint">
        Checkpoint
      </a>
      <a className="button quiet" href="/ledger/vkey" download="vkey">
        Key
      </a>
      {size > mostEntries && <span className="soft">Too large for a browser: use countersign ledger export.</span>}
      {state?.kind === 'failed' && <span className="bad-text">{state.says}</span>}
    </p>
  )
}

function save(bytes: Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/x-tar' }))
  const link = document.createElement('a')
  link.href = url
  link.download = 'countersign-ledger.tar'
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
