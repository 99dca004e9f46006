import type { SystemView } from '@countersign/schema'
import { AgentText } from '../parts/agent-text.tsx'
import { Link } from '../window/link.tsx'
import { paths } from '../route.ts'
import { Section } from '../parts/facts.tsx'
import { Table } from '../parts/table.tsx'
import { When } from '../parts/times.tsx'
import { counted } from '../words/words.ts'

/** What channels have yet to deliver, and what they gave up. */
export function Letters({ letters: { waiting, dead } }: { letters: SystemView['letters'] }) {
  if (waiting === 0 && dead.length === 0) return null
  return (
    <Section title="Notices" aside={<span className="soft">{counted(waiting, 'notice waits', 'notices wait')}</span>}>
      {dead.length > 0 && (
        <Table name="Notices given up" heads={['Channel', 'Whom', 'Question', 'Why', 'Given up']}>
          {dead.map(({ channel, recipient, approval, code, at }) => (
            <tr key={`${channel} ${recipient} ${approval} ${at}`}>
              <td>{channel}</td>
              <td>
                <AgentText text={recipient} />
              </td>
              <td>
                <Link href={paths.question(approval)}>the question</Link>
              </td>
              <td>{code}</td>
              <td>
                <When at={at} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  )
}
