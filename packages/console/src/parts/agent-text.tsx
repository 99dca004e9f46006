import { type Setting, visible } from '../words/visible.ts'

/** Text that somebody else wrote: escaped, in its own direction, with what is invisible made visible. Never a link. */
export function AgentText({ text, setting = 'line' }: { text: string; setting?: Setting }) {
  return (
    <bdi className={setting === 'block' ? 'said block' : 'said'}>
      {visible(text, setting).map((piece, index) =>
        'text' in piece ? (
          piece.text
        ) : (
          <span className="unseen" title={piece.says} key={index}>
            {piece.code}
          </span>
        ),
      )}
    </bdi>
  )
}
