/**
 * How Countersign stands: a few figures, and red where a person must act.
 *
 * @module
 */
import type { SystemView } from '@countersign/schema'
import { useEffect } from 'react'
import { useAnswer, useAnswers } from '../api/use-answer.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { Badge } from '../parts/badges.tsx'
import { FactRow, Section } from '../parts/facts.tsx'
import { Loading, TroubleNote } from '../parts/states.tsx'
import { Table } from '../parts/table.tsx'
import { When } from '../parts/times.tsx'
import { count, counted } from '../words/words.ts'
import { Followers } from './followers.tsx'
import { concernsOf } from './concerns.ts'
import { Letters } from './letters.tsx'

const path = '/api/system'
const everyMs = 5_000

export function System() {
  const { value, trouble } = useAnswer<SystemView>(path)
  const answers = useAnswers()
  useEffect(() => {
    // An instance that dies tells nobody.
    const timer = setInterval(() => answers.stale((each) => each === path), everyMs)
    return () => clearInterval(timer)
  }, [answers])
  return (
    <>
      <header className="page-head">
        <h1>System</h1>
        <p className="soft">How Countersign stands, read anew every few seconds.</p>
      </header>
      {trouble && <TroubleNote trouble={trouble} path={path} />}
      {!value && !trouble && <Loading what="how Countersign stands" />}
      {value && <Standing system={value} />}
    </>
  )
}

function Standing({ system }: { system: SystemView }) {
  const { deployment, store, instances, duties, followers, queues, runs, letters, gateways } = system
  return (
    <>
      <Concerns system={system} />
      <dl className="figures">
        <Figure number={queues.openQuestions} one="question open" many="questions open" />
        <Figure number={queues.grantedUnspent} one="grant not yet spent" many="grants not yet spent" />
        <Figure
          number={queues.waitingClients}
          one="client waiting at this instance"
          many="clients waiting at this instance"
        />
        <Figure
          number={runs.unreported}
          one="run that its client never reported"
          many="runs that their clients never reported"
        />
        <Figure number={store.entries} one="entry in the ledger" many="entries in the ledger" />
      </dl>
      <Section title="Instances" aside={<span className="soft">{counted(instances.length, 'instance')} alive</span>}>
        <Table name="Instances" heads={['Instance', 'Version', 'Since', 'Last beat', 'Does for all']}>
          {instances.map(({ id, version, since, beatAt, answering }) => (
            <tr key={id}>
              <td>
                <span className="mono" title={id}>
                  …{id.slice(-8)}
                </span>
                {answering && <span className="soft"> answers you</span>}
              </td>
              <td>{version}</td>
              <td>
                <When at={since} />
              </td>
              <td>
                <When at={beatAt} />
              </td>
              <td>
                {duties
                  .filter(({ instance }) => instance === id)
                  .map(({ name }) => name)
                  .join(', ') || <span className="soft">nothing</span>}
              </td>
            </tr>
          ))}
        </Table>
      </Section>
      <Followers followers={followers} />
      <Letters letters={letters} />
      <Section title="Gateways" aside={<span className="soft">where agents come in</span>}>
        {gateways.length === 0 ? (
          <p className="soft">None is configured: agents cannot come in.</p>
        ) : (
          <Table name="Gateways" heads={['Gateway', 'Name', 'Address', 'Kind']}>
            {gateways.map(({ gateway, name, address, mode, observes }) => (
              <tr key={address}>
                <td>{gateway}</td>
                <td>
                  <AgentText text={name} />
                </td>
                <td className="mono">
                  <AgentText text={address} />
                </td>
                <td>
                  {mode} {observes && <Badge tone="bad">only observes</Badge>}
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Section>
      <Section title="This deployment">
        <dl className="facts">
          <FactRow label="Console">
            <span className="mono">{deployment.publicUrl}</span>
          </FactRow>
          <FactRow label="Ledger">
            <span className="mono">{deployment.origin}</span>
          </FactRow>
          <FactRow label="Version">{deployment.version}</FactRow>
          <FactRow label="Store">answers in {store.answeredInMs} ms</FactRow>
          {deployment.demo && (
            <FactRow label="Demo">
              <Badge tone="warn">for trying out</Badge>
            </FactRow>
          )}
        </dl>
      </Section>
    </>
  )
}

function Concerns({ system }: { system: SystemView }) {
  const concerns = concernsOf(system)
  if (concerns.length === 0) return <p className="all-well">Nothing here needs you.</p>
  return (
    <div className="trouble" role="alert">
      <strong>{counted(concerns.length, 'thing needs', 'things need')} somebody</strong>
      <ul>
        {concerns.map(({ says, since }) => (
          <li key={says}>
            <AgentText text={says} />
            {since !== undefined && (
              <span className="soft">
                {' '}
                since <When at={since} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </div>
  )
}

function Figure({ number, one, many }: { number: number; one: string; many: string }) {
  return (
    <div>
      <dt>{number === 1 ? one : many}</dt>
      <dd>{count(number)}</dd>
    </div>
  )
}
