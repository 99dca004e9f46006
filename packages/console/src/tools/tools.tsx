/**
 * What the servers behind Countersign offer, and what of it waits for a person to look at it.
 *
 * @module
 */
import type { ToolList, ToolView } from '@countersign/schema'
import { useAnswer } from '../api/use-answer.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { Badge } from '../parts/badges.tsx'
import { Section } from '../parts/facts.tsx'
import { Empty, Loading, TroubleNote } from '../parts/states.tsx'
import { counted } from '../words/words.ts'
import { ToolCard } from './tool-card.tsx'

export function Tools() {
  const { value, trouble } = useAnswer<ToolList>('/api/tools')
  return (
    <>
      <header className="page-head">
        <h1>Tools</h1>
        <p className="soft">
          As each server described them when it was first seen. What is new since, or not as it was, is hidden from
          agents and refused until a person has accepted it.
        </p>
      </header>
      {trouble && <TroubleNote trouble={trouble} path="/api/tools" />}
      {!value && !trouble && <Loading what="tools" />}
      {value && <Observing gateways={value.observing} />}
      {value && <LeftOut tools={value.leftOut} />}
      {value?.items.length === 0 && (
        <Empty title="No tools are known yet">
          <p>They appear here when an MCP server of the configuration has first listed them.</p>
        </Empty>
      )}
      {value && serversOf(value.items).map(([server, tools]) => <Server name={server} tools={tools} key={server} />)}
    </>
  )
}

function Observing({ gateways }: { gateways: readonly string[] }) {
  if (gateways.length === 0) return null
  return (
    <div className="trouble" role="alert">
      <strong>{counted(gateways.length, 'gateway only observes', 'gateways only observe')}</strong>
      <p>
        What should wait for people runs there, and is recorded: <span className="mono">{gateways.join(', ')}</span>
      </p>
    </div>
  )
}

function LeftOut({ tools }: { tools: ToolList['leftOut'] }) {
  if (tools.length === 0) return null
  return (
    <Section title="Cannot be served" aside={<Badge tone="bad">{tools.length}</Badge>}>
      <ul className="tools">
        {tools.map(({ server, name, why }) => (
          <li key={`${server}/${name}`}>
            <span className="mono">
              {server}/<AgentText text={name} />
            </span>
            <span className="soft first-lines">
              <AgentText text={why} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Server({ name, tools }: { name: string; tools: readonly ToolView[] }) {
  const aside = tools.filter(({ standing }) => standing !== 'pinned')
  const pinned = tools.filter(({ standing }) => standing === 'pinned')
  return (
    <Section
      title={name}
      aside={
        aside.length > 0 ? (
          <Badge tone="bad">{aside.length} quarantined</Badge>
        ) : (
          <span className="soft">{counted(pinned.length, 'tool')}, all as accepted</span>
        )
      }
    >
      {aside.length > 0 && (
        <ul className="tool-cards">
          {aside.map((tool) => (
            <ToolCard tool={tool} key={tool.id} />
          ))}
        </ul>
      )}
      <ul className="tools">
        {pinned.map(({ id, name: tool, listed }) => (
          <li key={id}>
            <span className="mono">
              <AgentText text={tool} />
            </span>
            <span className="soft first-lines">
              <AgentText text={sentenceOf(listed.says)} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** Those with something to look at first, then by name. */
function serversOf(tools: readonly ToolView[]): [string, ToolView[]][] {
  const servers = new Map<string, ToolView[]>()
  for (const tool of tools) servers.set(tool.server, [...(servers.get(tool.server) ?? []), tool])
  const waits = (of: readonly ToolView[]) => of.some(({ standing }) => standing !== 'pinned')
  return [...servers].toSorted(([, one], [, other]) => Number(waits(other)) - Number(waits(one)))
}

/** The first line of its description; enough to know it again. */
function sentenceOf({ description }: ToolView['listed']['says']): string {
  return typeof description === 'string' ? (description.split('\n', 1)[0] ?? '').slice(0, 400) : ''
}
