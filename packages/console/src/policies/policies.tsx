import type { PolicySetView } from '@countersign/schema'
import { useAnswer } from '../api/use-answer.ts'
import { Section } from '../parts/facts.tsx'
import { PolicyText } from '../parts/policy-text.tsx'
import { Empty, Loading, TroubleNote } from '../parts/states.tsx'
import { duration } from '../words/time.ts'
import { assuranceWords, counted, either } from '../words/words.ts'

type InForce = PolicySetView['policies'][number]

const kinds = [
  { kind: 'allowance', title: 'Allowances', says: 'What is permitted. Everything else is denied.' },
  { kind: 'sign-off', title: 'Sign-offs', says: 'What waits for people, and for whom.' },
  { kind: 'prohibition', title: 'Prohibitions', says: 'What nobody can lift.' },
] as const

export function Policies() {
  const { value, trouble } = useAnswer<PolicySetView>('/api/policies')
  return (
    <>
      <header className="page-head">
        <h1>Policies</h1>
        <p className="soft">
          Plain Cedar, as loaded.
          {value && (
            <>
              {' '}
              Version <span className="mono">{value.version.slice(0, 16)}</span>
            </>
          )}
        </p>
      </header>
      {trouble && <TroubleNote trouble={trouble} path="/api/policies" />}
      {!value && !trouble && <Loading what="policies" />}
      {value?.policies.length === 0 && (
        <Empty title="No policies are in force">
          <p>So everything is denied.</p>
        </Empty>
      )}
      {value &&
        kinds.map(({ kind, title, says }) => {
          const policies = value.policies.filter((policy) => policy.kind === kind)
          if (policies.length === 0) return null
          return (
            <Section title={title} aside={<span className="soft">{says}</span>} key={kind}>
              {policies.map((policy) => (
                <div className="policy-entry" key={policy.id}>
                  <PolicyText policy={policy} />
                  {policy.signOff && <p className="soft terms">{termsOf(policy.signOff)}</p>}
                </div>
              ))}
            </Section>
          )
        })}
    </>
  )
}

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
