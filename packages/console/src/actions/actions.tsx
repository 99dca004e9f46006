/**
 * The record, searched.
 *
 * @module
 */
import type { ActionSummary, AgentList, Me, PersonList } from '@countersign/schema'
import { useState } from 'react'
import { useAnswer, usePages } from '../api/use-answer.ts'
import { Empty, Loading, TroubleNote } from '../parts/states.tsx'
import { maySeePeople } from '../people/may-see.ts'
import { paths } from '../route.ts'
import { useKeys } from '../window/keys.ts'
import { keptPages, keepPages, revise } from '../window/location.ts'
import { count, counted } from '../words/words.ts'
import { ActionList } from './action-list.tsx'
import { Chosen } from './chosen.tsx'
import { exportPath, type Filters, filtersOf, pathOf, without } from './filters.ts'
import { SearchForm } from './search-form.tsx'

export function Actions({ search, me }: { search: string; me: Me }) {
  const filters = filtersOf(search)
  const agents = useAnswer<AgentList>('/api/agents').value?.items ?? []
  const names = new Map(agents.map(({ id, name }) => [id, name]))
  const people = useAnswer<PersonList>(maySeePeople(me) ? '/api/people' : undefined).value?.items ?? []
  const change = (next: Filters) => revise(paths.actions(next))
  return (
    <>
      <header className="page-head">
        <h1>Actions</h1>
        <p className="soft">Everything agents did, tried or were refused, as far as it concerns you.</p>
      </header>
      <SearchForm filters={filters} agents={names} people={people} onChange={change} key={`form ${search}`} />
      <Chosen filters={filters} names={names} people={people} drop={(name) => change(without(filters, name))} />
      <Found filters={filters} onClear={() => change({})} key={`found ${search}`} />
    </>
  )
}

/** Entries by which every search is behind at times: a busy moment's worth, read before anyone has read a word of them. */
const fewBehind = 1_000

function Found({ filters, onClear }: { filters: Filters; onClear(): void }) {
  const [pages, setPages] = useState(keptPages)
  const { items, at, trouble, more } = usePages<ActionSummary>(pathOf(filters), pages)
  const behind = useAnswer<{ behind?: number }>(pathOf(filters)).value?.behind
  const filtered = Object.keys(filters).length > 0
  const showMore = () => {
    setPages(pages + 1)
    keepPages(pages + 1)
  }
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    m: () => more && showMore(),
    '/': () => document.getElementById('purpose')?.focus(),
  })
  if (trouble && at === undefined) return <TroubleNote trouble={trouble} path="/api/actions" />
  if (at === undefined) return <Loading what="actions" />
  return (
    <>
      {trouble && <TroubleNote trouble={trouble} path="/api/actions" />}
      {behind !== undefined && behind > fewBehind && (
        <p className="notice-line" role="status">
          Searches are behind the ledger by {counted(behind, 'entry', 'entries')}: the newest actions may be missing
          here.
        </p>
      )}
      {items.length === 0 && !more ? (
        <Nothing filtered={filtered} onClear={onClear} />
      ) : (
        <>
          <p className="found soft">
            <span role="status">
              {items.length === 0
                ? 'None that you may see so far.'
                : `${count(items.length)}${more ? ' newest' : ''} ${items.length === 1 ? 'action' : 'actions'}.`}
            </span>
            <span className="keys-note">
              <kbd>j</kbd> <kbd>k</kbd> step, <kbd>m</kbd> more, <kbd>/</kbd> search
            </span>
            <span className="exports">
              All of them as{' '}
              <a href={exportPath('csv', filters)} download>
                CSV
              </a>{' '}
              or{' '}
              <a href={exportPath('json', filters)} download>
                JSON lines
              </a>
            </span>
          </p>
          <ActionList actions={items} />
        </>
      )}
      {more && (
        <button type="button" className="quiet more" onClick={showMore}>
          Show more
        </button>
      )}
    </>
  )
}

function Nothing({ filtered, onClear }: { filtered: boolean; onClear(): void }) {
  return (
    <Empty title={filtered ? 'Nothing matches' : 'No actions yet'}>
      {filtered ? (
        <button type="button" className="quiet" onClick={onClear}>
          Clear the filters
        </button>
      ) : (
        <p>As soon as an agent sends something through a gateway, it stands here, allowed or not.</p>
      )}
    </Empty>
  )
}

/** To the next or the one before of the actions in view; Enter opens it, as every link. */
function step(by: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>('.action-list a')]
  const now = links.findIndex((link) => link === document.activeElement)
  links[Math.max(0, Math.min(links.length - 1, now + by))]?.focus()
}
