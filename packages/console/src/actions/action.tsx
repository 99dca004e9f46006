/**
 * One action's whole life.
 *
 * @module
 */
import type { ActionView } from '@countersign/schema'
import { useAnswer } from '../api/use-answer.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { Badge, Environment, RiskMeter } from '../parts/badges.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { FactRow, Section } from '../parts/facts.tsx'
import { PolicyText } from '../parts/policy-text.tsx'
import { RiskSignals } from '../parts/risk-signals.tsx'
import { Signatures } from '../parts/signatures.tsx'
import { Loading, TroubleNote } from '../parts/states.tsx'
import { When } from '../parts/times.tsx'
import { Values } from '../parts/values.tsx'
import { graphOf } from '../graph/of-data.ts'
import { DataGraph } from '../graph/data-graph.tsx'
import { paths } from '../route.ts'
import { useKeys } from '../window/keys.ts'
import { Link } from '../window/link.tsx'
import { navigate } from '../window/location.ts'
import { count, outcomeWords, sizeWords, standingWords } from '../words/words.ts'
import { Explain } from './explain.tsx'
import { Timeline } from './timeline.tsx'

export function Action({ id }: { id: string }) {
  const { value, trouble } = useAnswer<ActionView>(`/api/actions/${id}`)
  useKeys({ u: () => navigate(paths.actions()) })
  return (
    <>
      <p className="back">
        <Link href={paths.actions()}>‹ Actions</Link>
      </p>
      {!value && <h1 className="aloud">Action</h1>}
      {trouble && <TroubleNote trouble={trouble} path="/api/actions" />}
      {value ? <Shown action={value} /> : !trouble && <Loading what="the action" />}
    </>
  )
}

function Shown({ action }: { action: ActionView }) {
  const { standing, sentence, environment, risk, outcome, approval, observed, timeline, dataUse } = action
  const { word, tone } = standingWords[standing]
  return (
    <article className="action">
      <header className="asked">
        <div className="asked-top">
          <RiskMeter score={risk} large />
          <Environment name={environment} />
          <span className="row-time">
            {observed && <Badge tone="bad">only observed</Badge>} <Badge tone={tone}>{word}</Badge>
          </span>
        </div>
        <h1>
          <AgentText text={sentence} />
        </h1>
        {outcome && (
          <p className={`outcome ${outcome.kind}`}>
            <b>{outcomeWords(outcome)}</b>
            {outcome.summary !== '' && (
              <span className="soft">
                {' '}
                · <AgentText text={outcome.summary} />
              </span>
            )}
          </p>
        )}
        {action.denied && <p className="bad-text">Denied: {action.denied.replaceAll('_', ' ')}.</p>}
      </header>
      <div className="details">
        <Section
          title="Its life"
          aside={approval !== undefined && <Link href={paths.question(approval)}>The question that was asked</Link>}
        >
          <Timeline entries={timeline} leftOut={action.leftOut} />
        </Section>
        <Facts action={action} />
        <Section title="Parameters">
          <Values value={action.parameters} />
        </Section>
        <Section title="Where the data goes" aside={<span className="soft">as captured before the decision</span>}>
          <DataGraph
            graph={graphOf(dataUse, { ...action, agent: action.agent.name })}
            label={`Data of ${action.verb}, listed below`}
          />
          <DataTable dataUse={dataUse} />
        </Section>
        {action.signatures.length > 0 && (
          <Section title="Signatures">
            <Signatures signatures={action.signatures} />
          </Section>
        )}
        <Section title="Risk" aside={<span className="soft">{risk} of 100</span>}>
          <RiskSignals risk={action.riskDetails} />
        </Section>
        <Section title="Policies it rests on">
          {action.policies.map((policy) => (
            <PolicyText policy={policy} key={policy.id} />
          ))}
          {action.policies.length === 0 && <p className="soft">None. What no policy permits is denied.</p>}
          <div className="explain">
            <Explain id={action.id} />
          </div>
        </Section>
      </div>
    </article>
  )
}

function Facts({ action }: { action: ActionView }) {
  const { agent, onBehalfOf, owner, startedBy, client, purpose, reported, permit, resources } = action
  return (
    <Section title="Facts">
      <dl className="facts">
        <FactRow label="Agent">
          <Link href={paths.lineage('agent', agent.id)}>
            <AgentText text={agent.name} />
          </Link>{' '}
          <span className="mono soft">{agent.id}</span>
        </FactRow>
        {onBehalfOf && (
          <FactRow label="Acts for">
            <AgentText text={onBehalfOf.name} />
          </FactRow>
        )}
        {owner && (
          <FactRow label="Owner">
            <AgentText text={owner.name} />
          </FactRow>
        )}
        {startedBy && (
          <FactRow label="Started by">
            <AgentText text={startedBy.name} />
          </FactRow>
        )}
        <FactRow label="Purpose">
          {purpose?.text !== undefined && purpose.text !== '' ? (
            <>
              “<AgentText text={purpose.text} />” <small className="claimed">claimed by the agent</small>
            </>
          ) : (
            <span className="warn-text">none given</span>
          )}
        </FactRow>
        <FactRow label="Operation">
          <span className="mono">
            <AgentText text={action.operation} />
          </span>{' '}
          <span className="soft">
            {action.verb}, {action.gateway} gateway, {action.mode}
          </span>
        </FactRow>
        <FactRow label="Acts on">
          {resources.map(({ kind, name }) => (
            <div key={`${kind} ${name}`}>
              <span className="soft">{kind}</span>{' '}
              <span className="mono">
                <AgentText text={name} />
              </span>
            </div>
          ))}
        </FactRow>
        {reported?.kind === 'done' && (
          <FactRow label="Really did">
            {[
              ...(reported.rows === undefined ? [] : [`${count(reported.rows)} rows`]),
              ...(reported.bytes === undefined ? [] : [sizeWords(reported.bytes)]),
              ...(reported.reads ?? []).map(({ name }) => `read ${name}`),
              ...(reported.writes ?? []).map(({ name }) => `wrote ${name}`),
            ].join(', ') || 'nothing more is known'}
          </FactRow>
        )}
        <FactRow label="Client">
          <AgentText text={client} /> <small className="claimed">claimed</small>
        </FactRow>
        {permit && (
          <FactRow label="Permit">
            <span className="mono">{permit.id}</span> <When at={permit.at} />
            {permit.handed && <small> handed to the client, which runs it itself and reports</small>}
          </FactRow>
        )}
        <FactRow label="Digest">
          <span className="mono">{action.digest}</span>
        </FactRow>
        {action.parent && (
          <FactRow label="Part of">
            <Link href={paths.action(action.parent.action)}>the action that ran then</Link>
          </FactRow>
        )}
        {action.trace !== undefined && (
          <FactRow label="Trace">
            <span className="mono">
              <AgentText text={action.trace} />
            </span>
          </FactRow>
        )}
      </dl>
    </Section>
  )
}
