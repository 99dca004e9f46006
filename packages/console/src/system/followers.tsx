import type { FollowerView } from '@countersign/schema'
import { Badge } from '../parts/badges.tsx'
import { Section } from '../parts/facts.tsx'
import { Table } from '../parts/table.tsx'
import { When } from '../parts/times.tsx'
import { count, counted } from '../words/words.ts'

/** Who reads the ledger. What a channel is behind by has not been told to anyone yet. */
export function Followers({ followers }: { followers: readonly FollowerView[] }) {
  return (
    <Section title="Followers" aside={<span className="soft">what is built from the ledger: search and lineage</span>}>
      <Table name="Followers" heads={['Follower', 'Stands', 'Next entry', 'Left out']}>
        {followers.map(({ name, cursor, behind, waitingSince, trouble, leftOut }) => (
          <tr key={name}>
            <td>{name}</td>
            <td>
              {trouble ? (
                <>
                  <Badge tone="bad">failing</Badge>{' '}
                  <span className="soft">
                    entry {count(trouble.index)}, try {trouble.tries}: <span className="mono">{trouble.code}</span>
                  </span>
                </>
              ) : behind === 0 ? (
                <Badge tone="good">at the head</Badge>
              ) : (
                <>
                  {counted(behind, 'entry', 'entries')} behind
                  {waitingSince !== undefined && (
                    <span className="soft">
                      , the oldest from <When at={waitingSince} />
                    </span>
                  )}
                </>
              )}
            </td>
            <td>{count(cursor)}</td>
            <td>
              {leftOut.length === 0 ? (
                <span className="soft">none</span>
              ) : (
                <ul className="plain bad-text">
                  {leftOut.map(({ index, code }) => (
                    <li key={index}>
                      entry {count(index)} <span className="mono">{code}</span>
                    </li>
                  ))}
                </ul>
              )}
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  )
}
