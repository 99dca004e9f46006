import { type Ref, useRef } from 'react'
import { cedarTokens } from '../words/cedar.ts'

export interface CedarEditorProps {
  readonly id: string
  readonly text: string
  readonly ref: Ref<HTMLTextAreaElement>
  onWrite(text: string): void
}

/** Longer ones stay plain: colouring them would slow the typing. */
const mostColoured = 60_000

/** A plain text field. Its colours lie over it, letter for letter, and nothing but the eye meets them. */
export function CedarEditor({ id, text, ref, onWrite }: CedarEditorProps) {
  const colours = useRef<HTMLPreElement>(null)
  const coloured = text.length <= mostColoured
  return (
    <div className={coloured ? 'editor coloured' : 'editor'}>
      {coloured && (
        <pre ref={colours} aria-hidden="true">
          {cedarTokens(text).map(({ text: token, kind }, index) => (
            <span className={kind && `cedar-${kind}`} key={index}>
              {token}
            </span>
          ))}
          {'\n'}
        </pre>
      )}
      <textarea
        id={id}
        ref={ref}
        rows={18}
        value={text}
        onChange={({ currentTarget }) => onWrite(currentTarget.value)}
        onScroll={({ currentTarget }) => colours.current?.scrollTo(currentTarget.scrollLeft, currentTarget.scrollTop)}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
      />
    </div>
  )
}
