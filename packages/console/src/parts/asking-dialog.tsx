import type { ReactNode } from 'react'
import type { Trouble } from '../api/ask.ts'
import { Dialog } from './dialog.tsx'
import { Refused } from './refused.tsx'

export interface AskingDialogProps {
  readonly title: string
  readonly children: ReactNode
  readonly sending: boolean
  /** Why it was not taken. */
  readonly trouble: Trouble | undefined
  /** What its button says. Absent where each change has a button of its own in the children. */
  readonly does?: string
  /** `harm`: it ends or takes something. */
  readonly looks?: 'primary' | 'harm'
  /** It cannot be sent now. */
  readonly held?: boolean
  /** Which button has the focus at first, if no field has. */
  readonly focus?: 'does' | 'leave' | undefined
  readonly leave?: string
  /** Further buttons, before the last one. */
  readonly further?: ReactNode
  onClose(): void
  /** With the fields of the children, by their names. */
  onDo?(said: FormData): void
}

/** A dialog that changes something: what it says, why it was refused, the way out, and beside that what it does. */
export function AskingDialog({ looks = 'primary', leave = 'Cancel', ...props }: AskingDialogProps) {
  const { title, children, sending, trouble, does, held = false, focus, further, onClose, onDo } = props
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          onDo?.(new FormData(event.currentTarget))
        }}
      >
        {children}
        <Refused trouble={trouble} />
        <div className="dialog-buttons">
          <button type="button" className="quiet" autoFocus={focus === 'leave'} onClick={onClose}>
            {leave}
          </button>
          {further}
          {does !== undefined && (
            <button
              type="submit"
              className={looks === 'harm' ? 'danger solid' : 'primary'}
              autoFocus={focus === 'does'}
              disabled={sending || held}
            >
              {sending ? 'Sending…' : does}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  )
}
