/**
 * The keyboard's way through the list, headings included. The mark stands in the address, so that whoever comes back,
 * loads anew or follows a link stands where it was left.
 *
 * @module
 */
import { useEffect, useState } from 'react'
import { paths } from '../route.ts'
import { useKeys } from '../window/keys.ts'
import { amend, type Intent, navigate } from '../window/location.ts'
import { searchBoxId } from './filters.tsx'
import { type Group, headId, stops } from './grouped.ts'
import { step } from '../approval/sorted.ts'

export interface Walk {
  readonly groups: readonly Group[]
  /** As the address has it. */
  readonly mark: string | undefined
  /** The address of this list with a mark at one of them. */
  pathOf(mark: string | undefined): string
  onHelp(): void
}

/** Browsers bear only so many changes of the address in a while; a held key makes more. */
const pauseMs = 250

export function useWalk({ groups, mark, pathOf, onHelp }: Walk) {
  const [at, setAt] = useState(mark)
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set())
  const ids = stops(groups, unfolded)
  const marked = at !== undefined && ids.includes(at) ? at : undefined
  const here = groups.find((group) => headId(group) === at || group.questions.some(({ id }) => id === at))
  const hidden = marked === undefined ? here?.groupKey : undefined

  useEffect(() => setAt(mark), [mark])
  useEffect(() => {
    if (hidden !== undefined) setUnfolded((now) => new Set([...now, hidden]))
  }, [hidden])
  useEffect(() => {
    if (marked !== undefined) document.getElementById(marked)?.scrollIntoView({ block: 'nearest' })
  }, [marked])
  const path = pathOf(at)
  useEffect(() => {
    const timer = setTimeout(() => amend(path), pauseMs)
    return () => clearTimeout(timer)
  }, [path])

  const fold = (group: Group, wanted = !unfolded.has(group.groupKey)) => {
    const next = new Set(unfolded)
    if (wanted) next.add(group.groupKey)
    else next.delete(group.groupKey)
    setUnfolded(next)
    if (!wanted && group === here) setAt(headId(group))
  }
  /** On a heading, no key answers for all of them: it unfolds, and leads to the first. */
  const answer = (intent?: Intent) => {
    const id = marked ?? ids[0]
    const group = groups.find((each) => each.questions.length > 1 && headId(each) === id)
    if (!group) return id === undefined ? undefined : leave(id, intent)
    fold(group, intent !== undefined || !unfolded.has(group.groupKey))
    setAt(intent === undefined ? id : group.questions[0]?.id)
  }
  const leave = (id: string, intent?: Intent) => {
    amend(pathOf(id))
    navigate(paths.question(id), intent)
  }

  useKeys({
    j: () => setAt(step(ids, marked, 1)),
    k: () => setAt(step(ids, marked, -1)),
    ArrowDown: () => setAt(step(ids, marked, 1)),
    ArrowUp: () => setAt(step(ids, marked, -1)),
    ArrowRight: () => here && here.questions.length > 1 && fold(here, true),
    ArrowLeft: () => here && here.questions.length > 1 && fold(here, false),
    Enter: () => answer(),
    a: () => answer('approve'),
    r: () => answer('reject'),
    e: () => answer('escalate'),
    '/': () => document.getElementById(searchBoxId)?.focus(),
    '?': onHelp,
  })
  return { marked, isUnfolded: (group: Group) => unfolded.has(group.groupKey), fold }
}
