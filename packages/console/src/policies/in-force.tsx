import type { PolicySetView } from '@countersign/schema'
import { Section } from '../parts/facts.tsx'
import { PolicyText } from '../parts/policy-text.tsx'
import { Empty } from '../parts/states.tsx'
import { duration } from '../words/time.ts'
import { assuranceWords, counted, either } from '../words/words.ts'

type InForce = PolicySetView['policies'][number]

const kinds = [
  { kind: 'allowance', title: 'Allowances', says: 'What is permitted. Everything else is denied.' },
  { kind: 'sign-off', title: 'Sign-offs', says: 'What waits for people, and for whom.' },
  { kind: 'prohibition', title: 'Prohibitions', says: 'What nobody can lift.' },
] as const

/** Who owns what, and where it is written. */
export function PoliciesInForce({ set: { policies } }: { set: PolicySetView }) {
  if (policies.length === 0) {
    return (
      <Empty title="No policies are in force">
        <p>So everything is denied.</p>
      </Empty>
    )
  }
  return (
    <>
      <Owners policies={policies} />
      {kinds.map(({ kind, title, says }) => {
        const some = policies.filter((policy) => policy.kind === kind)
        if (some.length === 0) return null
        return (
          <Section title={`${title} (${some.length})`} aside={<span className="soft">{says}</span>} key={kind}>
            {some.map((policy) => (
              <div className="policy-entry" key={policy.id}>
                <PolicyText policy={policy} />
                <p className="soft terms">
                  {[
                    ...(policy.signOff ? [termsOf(policy.signOff)] : []),
                    ...(policy.source ? [sourceWords(policy.source)] : []),
                  ].join(' · ')}
                </p>
              </div>
            ))}
          </Section>
        )
      })}
    </>
  )
}

function Owners({ policies }: { policies: readonly InForce[] }) {
  const owners = [...new Set(policies.map(({ owner }) => owner))].toSorted()
  return (
    <Section title="Owners">
      <ul className="owners">
        {owners.map((owner) => (
          <li key={owner}>
            <b>{owner}</b>{' '}
            <span className="soft mono">
              {policies
                .filter((policy) => policy.owner === owner)
                .map(({ id }) => id)
                .join(', ')}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

const sourceWords = ({ file, line, lastLine }: NonNullable<InForce['source']>): string =>
  line === lastLine ? `${file}, line ${line}` : `${file}, lines ${line}–${lastLine}`

function termsOf(signOff: NonNullable<InForce['signOff']>): string {
  const { quorum, from, timeoutMs, validMs, escalate, assurance, reasonRequired, purposeRequired } = signOff
  return [
    `${counted(quorum, 'person', 'people')} of ${either(from)}`,
    `open ${duration(timeoutMs)}`,
    `good for ${duration(validMs)}`,
    ...(escalate ? [`${escalate.to} as well after ${duration(escalate.afterMs)}`] : []),
    assurance ? `takes ${assuranceWords[assurance]}` : 'the risk decides how well a signer is proven',
    ...(reasonRequired ? ['with a reason'] : []),
    ...(purposeRequired ? ['only with a purpose'] : []),
  ].join(' · ')
}
