import type { Json } from '@countersign/schema'
import { nestedJson } from '../words/nested.ts'
import { AgentText } from './agent-text.tsx'

/** Any JSON, nothing cut and nothing folded away: what is not seen cannot be signed. */
export function Values({ value }: { value: Json }) {
  if (value === null || typeof value === 'boolean') return <span className="literal">{String(value)}</span>
  if (typeof value === 'number') return <span className="literal number">{String(value)}</span>
  if (typeof value === 'string') return <Quoted text={value} />
  if (isList(value)) {
    if (value.length === 0) return <span className="literal">[ ] empty list</span>
    return (
      <ol className="values" start={0}>
        {value.map((item, index) => (
          <li key={index}>
            <Values value={item} />
          </li>
        ))}
      </ol>
    )
  }
  const members = Object.entries(value)
  if (members.length === 0) return <span className="literal">{'{ } nothing in it'}</span>
  return (
    <dl className="values">
      {members.map(([name, member]) => (
        <div key={name}>
          <dt>
            <AgentText text={name} />
          </dt>
          <dd>
            <Values value={member} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

/** Quotes show where a text begins and ends, and that `"12"` is no number. */
function Quoted({ text }: { text: string }) {
  if (text === '') return <span className="literal">“” empty text</span>
  const nested = nestedJson(text)
  return (
    <>
      <span className="quoted">
        <AgentText text={text} setting="block" />
      </span>
      {nested !== undefined && (
        <div className="nested">
          <span className="soft">the same text, read as JSON:</span>
          <Values value={nested} />
        </div>
      )}
    </>
  )
}
