import type { IssuedKey } from '@countersign/schema'
import { AgentText } from '../parts/agent-text.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { When } from '../parts/times.tsx'

/** The only time a key is seen. Escape does not close it, so that nobody loses it by a slip. */
export function KeyShown({ issued, onClose }: { issued: IssuedKey; onClose(): void }) {
  const { agent, key, expiresAt } = issued
  return (
    <Dialog title="The key, this once" onClose={() => undefined}>
      <p>
        Give it to <AgentText text={agent.name} /> now: the house keeps only its hash. It expires{' '}
        <When at={expiresAt} />.
      </p>
      <pre className="secret" tabIndex={0} aria-label="The key">
        {key}
      </pre>
      <div className="dialog-buttons">
        <CopyButton text={key} what="the key" />
        <button type="button" className="primary" onClick={onClose}>
          I have it
        </button>
      </div>
    </Dialog>
  )
}
