import type { ActionSummary } from '@countersign/schema'
import { AgentText } from '../parts/agent-text.tsx'
import { Badge, Classes, RiskMeter } from '../parts/badges.tsx'
import { When } from '../parts/times.tsx'
import { paths } from '../route.ts'
import { Link } from '../window/link.tsx'
import { outcomeWords, standingWords } from '../words/words.ts'

export function ActionList({ actions }: { actions: readonly ActionSummary[] }) {
  return (
    <ul className="action-list">
      {actions.map((action) => (
        <ActionRow action={action} key={action.id} />
      ))}
    </ul>
  )
}

function ActionRow({ action }: { action: ActionSummary }) {
  const { id, at, standing, sentence, verb, environment, agent, onBehalfOf, risk, classes, outcome, observed } = action
  const { word, tone } = standingWords[standing]
  const ran = outcome !== undefined && outcome.kind !== 'running'
  return (
    <li>
      <Link href={paths.action(id)}>
        <span className="row-top">
          <Badge tone={tone}>{ran ? outcomeWords(outcome) : word}</Badge>
          {observed && <Badge tone="bad">only observed</Badge>}
          <span className="row-time soft">
            <When at={at} />
          </span>
        </span>
        <span className="row-sentence">
          <AgentText text={sentence} />
        </span>
        <span className="row-facts soft">
          <span>
            <AgentText text={agent.name} />
            {onBehalfOf && (
              <>
                {' '}
                for <AgentText text={onBehalfOf.name} />
              </>
            )}
          </span>
          <span>{verb}</span>
          <span>{environment}</span>
          <RiskMeter score={risk} />
          {classes.length > 0 && <Classes classes={classes} />}
        </span>
      </Link>
    </li>
  )
}
