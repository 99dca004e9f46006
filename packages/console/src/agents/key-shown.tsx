import type { IssuedKey } from '@countersign/schema'
import { useId, useState } from 'react'
import { AgentText } from '../parts/agent-text.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { When } from '../parts/times.tsx'

/** The only time a key is seen, with the lines that use it. Escape does not close it, so that nobody loses it by a slip. */
export function KeyShown({ issued, onClose }: { issued: IssuedKey; onClose(): void }) {
  const { agent, key, expiresAt, ready } = issued
  const [, ...clients] = ready
  const [chosen, setChosen] = useState(0)
  const choice = useId()
  const line = clients[chosen]
  return (
    <Dialog title="The key, this once" onClose={() => undefined}>
      <p>
        Give it to <AgentText text={agent.name} /> now: only its hash is kept. It expires <When at={expiresAt} />.
      </p>
      <pre className="secret" tabIndex={0} aria-label="The key">
        {key}
      </pre>
      <div className="dialog-buttons">
        <CopyButton text={key} what="the key" />
      </div>
      {line && (
        <>
          <label htmlFor={choice}>How it comes in</label>
          <select id={choice} value={chosen} onChange={(event) => setChosen(Number(event.target.value))}>
            {clients.map(({ client }, at) => (
              <option value={at} key={client}>
                {client}
              </option>
            ))}
          </select>
          <p className="soft">
            {line.where === 'terminal' ? 'In a terminal' : `In ${line.where}`}, with the key in the environment variable{' '}
            <span className="mono">COUNTERSIGN_KEY</span>:
          </p>
          <pre className="secret" tabIndex={0} aria-label={`For ${line.client}`}>
            {line.text}
          </pre>
          <div className="dialog-buttons">
            <CopyButton text={line.text} what={`the lines for ${line.client}`} />
          </div>
        </>
      )}
      <div className="dialog-buttons">
        <button type="button" className="primary" onClick={onClose}>
          I have it
        </button>
      </div>
    </Dialog>
  )
}
