import type { ComponentProps, MouseEvent } from 'react'
import { navigate } from './location.ts'

/** A link within the console. New tabs, windows and downloads stay the browser's. */
export function Link({ href, ...rest }: ComponentProps<'a'> & { href: string }) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    navigate(href)
  }
  return <a {...rest} href={href} onClick={follow} />
}
