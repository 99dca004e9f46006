import { useEffect, useRef } from 'react'

export type Keys = Readonly<Record<string, () => void>>

/** Single keys, for as long as this is shown. Never while someone writes or a dialog is open. */
export function useKeys(keys: Keys): void {
  const current = useRef(keys)
  useEffect(() => {
    current.current = keys
  })
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const pressed = current.current[event.key]
      if (!pressed || event.defaultPrevented || isSpokenFor(event)) return
      event.preventDefault()
      pressed()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [])
}

function isSpokenFor({ target, key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey || document.querySelector('dialog[open]')) return true
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target.closest('input, textarea, select')) return true
  return key === 'Enter' && target.closest('a, button, summary') !== null
}
