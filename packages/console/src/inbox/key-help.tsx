import { Dialog } from '../parts/dialog.tsx'

const keys: readonly (readonly [string, string])[] = [
  ['j  k', 'next and previous'],
  ['Enter', 'open the question, or unfold those alike'],
  ['→  ←', 'unfold and fold those alike'],
  ['a', 'approve: asks before it is recorded'],
  ['r', 'reject, with a reason'],
  ['e', 'escalate to the next group'],
  ['/', 'search: agent, person, sentence, data'],
  ['u', 'back to the inbox'],
  ['Esc', 'close what is open'],
  ['?', 'this list'],
]

export function KeyHelp({ onClose }: { onClose(): void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="key-list">
        {keys.map(([key, does]) => (
          <div key={key}>
            <dt>
              {key.split('  ').map((each) => (
                <kbd key={each}>{each}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <div className="dialog-buttons">
        <button type="button" className="primary" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  )
}
