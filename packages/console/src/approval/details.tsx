/**
 * Everything, uncut: what execution depends on, why people are asked, who may answer, what the agent did before.
 *
 * @module
 */
import type { ApprovalView, Resource } from '@countersign/schema'
import { ActionList } from '../actions/action-list.tsx'
import { AgentText } from '../parts/agent-text.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { FactRow, Section } from '../parts/facts.tsx'
import { PolicyText } from '../parts/policy-text.tsx'
import { RiskSignals } from '../parts/risk-signals.tsx'
import { Signatures } from '../parts/signatures.tsx'
import { When } from '../parts/times.tsx'
import { graphOf } from '../graph/of-data.ts'
import { DataGraph } from '../graph/data-graph.tsx'
import { paths } from '../route.ts'
import { Link } from '../window/link.tsx'
import { counted, sizeWords } from '../words/words.ts'
import type { Checked } from './checked.ts'
import { Parameters, resourceChanges } from './differences.tsx'
import { SignOffs } from './sign-offs.tsx'

export function Details({ question, intact }: { question: ApprovalView; intact: Checked }) {
  const { card, askedBy, signatures, policies, policyVersion, history, lastRun } = question
  const { action, dataUse, measures, obligations } = card.bound
  const { risk, purpose, client } = card.advisory
  const changes = resourceChanges(action.resources, lastRun)
  return (
    <div className="details">
      <Section title="What runs" aside={<span className="soft">every parameter, uncut</span>}>
        <dl className="facts">
          <FactRow label="Operation">
            <span className="mono">
              <AgentText text={action.operation} />
            </span>{' '}
            <span className="soft">{action.verb}</span>
          </FactRow>
          <FactRow label="Acts on">
            <ul className="plain">
              {action.resources.map((resource) => (
                <li key={`${resource.kind} ${resource.name}`}>
                  <Acted resource={resource} /> {changes.isNew(resource) && <b className="added-word">+ added</b>}
                </li>
              ))}
              {changes.gone.map((resource) => (
                <li key={`gone ${resource.kind} ${resource.name}`}>
                  <Acted resource={resource} /> <b className="removed-word">− removed</b>
                </li>
              ))}
            </ul>
          </FactRow>
          {(measures.rows !== undefined || measures.bytes !== undefined) && (
            <FactRow label="At most">
              {[
                ...(measures.rows === undefined ? [] : [counted(measures.rows, 'row')]),
                ...(measures.bytes === undefined ? [] : [sizeWords(measures.bytes)]),
              ].join(', ')}{' '}
              <span className="soft">stopped beyond that</span>
            </FactRow>
          )}
          {obligations.map((obligation) => (
            <FactRow label="Duty" key={JSON.stringify(obligation)}>
              {obligation.kind === 'mask'
                ? `masks ${obligation.fields.join(', ')}`
                : `at most ${counted(obligation.rows, 'row')}`}
            </FactRow>
          ))}
          <FactRow label="Through">
            {action.gateway} gateway,{' '}
            {action.mode === 'enforcing' ? 'which runs it itself' : '⚠ cooperating: the client runs it'}
          </FactRow>
        </dl>
        <h3>Parameters</h3>
        {lastRun && lastRun.definition !== action.definition && (
          <p className="warn-text">⚠ The tool’s definition is not the one it had at the last approved run.</p>
        )}
        <Parameters parameters={action.parameters} lastRun={lastRun} />
      </Section>
      <Section title="Where the data goes">
        <DataGraph graph={graphOf(dataUse, action)} label={`Data of ${action.verb}, listed below`} />
        <DataTable dataUse={dataUse} />
      </Section>
      <Section title="Who asks">
        <dl className="facts">
          <FactRow label="Agent">
            <AgentText text={askedBy.agent.name} /> <span className="mono soft">{askedBy.agent.id}</span>
          </FactRow>
          <FactRow label="Owner">
            <AgentText text={askedBy.owner.name} />
          </FactRow>
          <FactRow label="Team">
            <AgentText text={askedBy.agent.team} />
          </FactRow>
          <FactRow label="Acts for">
            {askedBy.onBehalfOf ? (
              <AgentText text={askedBy.onBehalfOf.name} />
            ) : (
              <span className="soft">itself: no verified person stands behind it</span>
            )}
          </FactRow>
          {askedBy.startedBy && (
            <FactRow label="Started by">
              <AgentText text={askedBy.startedBy.name} />
            </FactRow>
          )}
          <FactRow label="Client">
            <AgentText text={client} /> <small className="claimed">claimed</small>
          </FactRow>
          {purpose?.link !== undefined && (
            <FactRow label="Link">
              <span className="mono">
                <AgentText text={purpose.link} />
              </span>{' '}
              <small className="claimed">claimed, not a link here on purpose</small>
            </FactRow>
          )}
          <FactRow label="Asked">
            <When at={question.askedAt} />
          </FactRow>
        </dl>
      </Section>
      <Section title="Sign-offs">
        <SignOffs question={question} />
        {signatures.length > 0 && (
          <>
            <h3>Signatures so far</h3>
            <Signatures signatures={signatures} />
          </>
        )}
      </Section>
      <Section title="Risk" aside={<span className="soft">{risk.score} of 100</span>}>
        <RiskSignals risk={risk} />
      </Section>
      <Section title="Policies that ask">
        {policies.map((policy) => (
          <PolicyText policy={policy} key={policy.id} />
        ))}
        <p className="soft">
          Policy version <span className="mono">{policyVersion.slice(0, 16)}</span>
        </p>
      </Section>
      <Section title="What the signature covers">
        <dl className="facts">
          <FactRow label="Action">
            <span className="mono">{question.digest}</span> <Same same={intact.action} />
          </FactRow>
          <FactRow label="Card">
            <span className="mono">{question.shown}</span> <Same same={intact.card} />
          </FactRow>
          <FactRow label="Question">
            <span className="mono">{question.id}</span> <span className="soft">version {question.version}</span>
          </FactRow>
          <FactRow label="Record">
            <Link className="mono" href={paths.action(question.actionId)}>
              {question.actionId}
            </Link>
          </FactRow>
        </dl>
      </Section>
      <Section title="What it did before" aside={<span className="soft">same operation, same environment</span>}>
        {history.length === 0 ? <p className="soft">This is the first time.</p> : <ActionList actions={history} />}
      </Section>
    </div>
  )
}

function Acted({ resource: { kind, name } }: { resource: Resource }) {
  return (
    <>
      <span className="soft">{kind}</span>{' '}
      <span className="mono">
        <AgentText text={name} />
      </span>
    </>
  )
}

function Same({ same }: { same: boolean }) {
  return same ? (
    <span className="good-text">✓ recomputed in this browser</span>
  ) : (
    <span className="bad-text">✗ differs from what is shown</span>
  )
}
