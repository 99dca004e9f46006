import type { Json, ToolView } from '@countersign/schema'
import { useChange } from '../api/use-change.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { Badge } from '../parts/badges.tsx'
import { Values } from '../parts/values.tsx'
import { Refused } from '../parts/refused.tsx'
import { live } from '../window/live.ts'
import { between, type Difference, differencesOf } from './difference.ts'

/** A tool that waits for a person: all that is new of it, nothing cut. */
export function ToolCard({ tool }: { tool: ToolView }) {
  const { id, name, server, standing, pinned, listed, you } = tool
  const change = useChange()
  const accept = async () => {
    if (await change.send('/api/tools/accept', { id, hash: listed.hash })) {
      live.tell(`Agents may use ${server}/${name} as it is described now.`, 'good')
    }
  }
  return (
    <li className="tool-card">
      <header>
        <h3 className="mono">
          <AgentText text={name} />
        </h3>
        <Badge tone="bad">{standing === 'new' ? 'new' : 'changed'}</Badge>
      </header>
      {pinned ? <Differences of={differencesOf(pinned.says, listed.says)} /> : <Values value={listed.says as Json} />}
      <Refused trouble={change.trouble} />
      <footer>
        <span className="soft mono" title="SHA-256 of the definition as it is listed now">
          {pinned && `${pinned.hash.slice(0, 12)} → `}
          {listed.hash.slice(0, 12)}
        </span>
        {you.mayAccept ? (
          <button type="button" disabled={change.sending} onClick={() => void accept()}>
            {change.sending ? 'Sending…' : 'Accept this definition'}
          </button>
        ) : (
          <span className="soft">Accepting takes the role operations.</span>
        )}
      </footer>
    </li>
  )
}

function Differences({ of }: { of: readonly Difference[] }) {
  return (
    <dl className="differences">
      {of.map(({ path, before, after }) => (
        <div key={path}>
          <dt className="mono">
            <AgentText text={path} />
            {before === undefined && <Badge tone="good">added</Badge>}
            {after === undefined && <Badge tone="bad">removed</Badge>}
          </dt>
          <dd>
            <Words before={before ?? ''} after={after ?? ''} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Words({ before, after }: { before: string; after: string }) {
  const { start, removed, added, end } = between(before, after)
  return (
    <>
      <AgentText text={start} setting="block" />
      {removed !== '' && (
        <del>
          <span className="aloud">removed: </span>
          <AgentText text={removed} setting="block" />
        </del>
      )}
      {added !== '' && (
        <ins>
          <span className="aloud">added: </span>
          <AgentText text={added} setting="block" />
        </ins>
      )}
      <AgentText text={end} setting="block" />
    </>
  )
}
