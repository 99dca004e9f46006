import { type Setting, visible } from '@countersign/core/visible'

/** Text that somebody else wrote: escaped, in its own direction, with what is invisible made visible. Never a link. */
export function AgentText({ text, setting = 'line' }: { text: string; setting?: Setting }) {
  return (
    <bdi className={setting === 'block' ? 'said block' : 'said'}>
      <Seen text={text} setting={setting} />
    </bdi>
  )
}

/** The same, as a part of a text that is set apart already. */
export function Seen({ text, setting }: { text: string; setting: Setting }) {
  return visible(text, setting).map((piece, index) =>
    'text' in piece ? (
      piece.text
    ) : (
      <span className="unseen" title={piece.says} key={index}>
        {piece.code}
      </span>
    ),
  )
}
