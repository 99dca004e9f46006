import type { TimelineEntry } from '@countersign/schema'
import type { EntryProof } from '../ledger/entry-proof.ts'
import { useProofs } from '../ledger/use-proofs.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { When } from '../parts/times.tsx'
import { paths } from '../route.ts'
import { Link } from '../window/link.tsx'
import { count, counted } from '../words/words.ts'

/** Every line is told by an entry of the ledger, at its place, and this browser checks that it is there. */
export function Timeline({ entries, leftOut }: { entries: readonly TimelineEntry[]; leftOut?: number | undefined }) {
  const checked = useProofs(entries)
  return (
    <>
      <ol className="timeline">
        {entries.map(({ id, index, at, words, by, type }, place) => (
          <li key={`${id} ${place}`} className={type.replaceAll('.', '-')}>
            <p>
              <AgentText text={words} />
              {by && by.id !== 'system' && (
                <span className="soft">
                  {' '}
                  by <AgentText text={by.name} />
                </span>
              )}
            </p>
            <p className="soft">
              <When at={at} /> · <span className="mono">{type}</span> · ledger entry {count(index)}
              {checked.kind === 'checked' && <Mark proof={checked.proofs[place]} />}
            </p>
          </li>
        ))}
      </ol>
      {leftOut !== undefined && (
        <p className="soft">
          {counted(leftOut, 'further entry', 'further entries')} of it in the ledger, not shown here.
        </p>
      )}
      <Verdict checked={checked} />
    </>
  )
}

function Mark({ proof }: { proof: EntryProof | undefined }) {
  switch (proof?.kind) {
    case 'proven':
      return <span className="good-text"> ✓ in the ledger</span>
    case 'not-yet':
      return <span> · not yet under a checkpoint</span>
    case 'broken':
      return <span className="bad-text"> ✗ {proof.says}</span>
    case undefined:
      return null
  }
}

function Verdict({ checked }: { checked: ReturnType<typeof useProofs> }) {
  if (checked.kind === 'checking') return <p className="soft proof">Checking them against the ledger…</p>
  if (checked.kind === 'failed') {
    return (
      <p className="proof bad-text" role="alert">
        They could not be checked against the ledger: {checked.says}
      </p>
    )
  }
  const { proofs } = checked
  const proven = proofs.filter(({ kind }) => kind === 'proven').length
  const size = proofs.find((proof) => proof.kind !== 'broken')?.size
  if (proofs.some(({ kind }) => kind === 'broken')) {
    return (
      <p className="trouble proof" role="alert">
        <strong>What is shown here is not what the ledger says.</strong>
      </p>
    )
  }
  return (
    <p className="soft proof" role="status">
      {proven === proofs.length
        ? 'All of it is'
        : `${count(proven)} of ${counted(proofs.length, 'entry', 'entries')} are`}{' '}
      in the ledger: proofs checked by this browser against the signed checkpoint of{' '}
      {counted(size ?? 0, 'entry', 'entries')}. <Link href={paths.ledger}>The ledger</Link>
    </p>
  )
}
