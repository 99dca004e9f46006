import { Empty } from '../parts/states.tsx'
import type { Listed } from '../approval/listed.ts'

/** Why the list is empty, and what to do about it. */
export function Nothing({ listed, more, onAll }: { listed: Listed; more: boolean; onAll(): void }) {
  const { title, says } = wordsFor(listed, more)
  const filtered = listed.search !== '' || (listed.tab === 'open' && listed.whose !== 'all')
  return (
    <Empty title={title}>
      <p>{says}</p>
      {filtered && (
        <button type="button" onClick={onAll}>
          Show all
        </button>
      )}
    </Empty>
  )
}

function wordsFor({ tab, whose, search }: Listed, more: boolean): { title: string; says: string } {
  if (search !== '' && more) {
    return { title: `Not among the newest`, says: `“${search}” was not found yet. Older ones can be looked through.` }
  }
  if (search !== '') {
    return { title: 'Nothing found', says: `No question here holds every word of “${search}”.` }
  }
  if (tab === 'settled') {
    return {
      title: 'Nothing settled yet',
      says: 'Questions that were answered, or that ran out, stay here with who decided, when and why.',
    }
  }
  switch (whose) {
    case 'mine':
      return {
        title: 'Nothing waits for you',
        says: 'No open question can be answered by you now. Others may be open.',
      }
    case 'groups':
      return { title: 'Nothing asks your groups', says: 'No open question asks a group that you are in.' }
    case 'all':
      return {
        title: 'No open questions',
        says: 'When an agent wants something that policy does not simply allow, it waits and appears here by itself.',
      }
  }
}
