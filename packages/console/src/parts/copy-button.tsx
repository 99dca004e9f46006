import { useState } from 'react'

/** Copies the text; where the browser does not allow that, says so, and the text can be selected. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [said, setSaid] = useState<'copied' | 'refused'>()
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setSaid('copied')
    } catch {
      setSaid('refused')
    }
  }
  return (
    <>
      <button type="button" onClick={() => void copy()}>
        Copy <span className="aloud">{what}</span>
      </button>
      <span className="soft" role="status">
        {said === 'copied' && 'Copied.'}
        {said === 'refused' && 'Your browser does not allow it: select the text.'}
      </span>
    </>
  )
}
