/**
 * Answers inside React.
 *
 * @module
 */
import { createContext, useContext, useEffect, useSyncExternalStore } from 'react'
import type { Answer, Answers } from './answers.ts'
import type { Trouble } from './ask.ts'

export const AnswersContext = createContext<Answers | undefined>(undefined)

export function useAnswers(): Answers {
  const answers = useContext(AnswersContext)
  if (!answers) throw new Error('no answers in this tree')
  return answers
}

/** What Countersign says at this path, kept fresh while it is shown. */
export function useAnswer<Value>(path: string | undefined): Answer<Value> {
  const answers = useAnswers()
  useSyncExternalStore(answers.onChange, answers.version)
  useEffect(() => (path === undefined ? undefined : answers.watch(path)), [answers, path])
  return (path === undefined ? { at: 0 } : answers.read(path)) as Answer<Value>
}

export interface Pages<Item> {
  readonly items: readonly Item[]
  /** Undefined until the first page is there. */
  readonly at: number | undefined
  readonly trouble: Trouble | undefined
  readonly more: boolean
}

/**
 * The first `count` pages of a list. Each page begins where the one before it now ends, so a list that grows at its
 * head shows nothing twice and leaves nothing out.
 */
export function usePages<Item>(base: string, count: number): Pages<Item> {
  const answers = useAnswers()
  useSyncExternalStore(answers.onChange, answers.version)
  const chain = chainOf<Item>(base, count, (path) => answers.read(path))
  const paths = chain.paths.join('\n')
  useEffect(() => {
    const stops = paths.split('\n').map((path) => answers.watch(path))
    return () => stops.forEach((stop) => stop())
  }, [answers, paths])
  return chain
}

export function chainOf<Item>(
  base: string,
  count: number,
  read: (path: string) => Answer,
): Pages<Item> & { paths: string[] } {
  const paths = [base]
  const items: Item[] = []
  let at: number | undefined
  for (const path of paths) {
    const answer = read(path) as Answer<{ items: Item[]; next?: string }>
    if (!answer.value) return { items, at, trouble: answer.trouble, more: false, paths }
    at ??= answer.at
    items.push(...answer.value.items)
    const { next } = answer.value
    if (next === undefined) return { items, at, trouble: answer.trouble, more: false, paths }
    if (paths.length >= count) return { items, at, trouble: answer.trouble, more: true, paths }
    paths.push(`${base}&after=${encodeURIComponent(next)}`)
  }
  return { items, at, trouble: undefined, more: false, paths }
}
