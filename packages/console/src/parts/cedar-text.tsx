import { cedarTokens } from '../words/cedar.ts'
import { Seen } from './agent-text.tsx'

/** Cedar in colours, safe to read as all text that somebody wrote. */
export function CedarText({ text }: { text: string }) {
  return (
    <bdi className="said block">
      {cedarTokens(text).map(({ text: token, kind }, index) =>
        kind ? (
          <span className={`cedar-${kind}`} key={index}>
            <Seen text={token} setting="block" />
          </span>
        ) : (
          <Seen text={token} setting="block" key={index} />
        ),
      )}
    </bdi>
  )
}
