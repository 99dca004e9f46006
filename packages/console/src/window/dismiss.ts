import { useEffect } from 'react'

/** What lies over the page is closed by Escape, or by a click beside it, which does nothing else. `within`: a selector. */
export function useDismiss(open: boolean, close: () => void, within: string): void {
  useEffect(() => {
    if (!open) return undefined
    const gone = new AbortController()
    const { signal } = gone
    addEventListener('keydown', ({ key }) => key === 'Escape' && close(), { signal })
    addEventListener(
      'click',
      (event) => {
        if (event.target instanceof Element && event.target.closest(within)) return
        event.preventDefault()
        event.stopPropagation()
        close()
      },
      { signal, capture: true },
    )
    return () => gone.abort()
  }, [open, close, within])
}
