import type { ReactNode } from 'react'

interface TableParts {
  /** What a screen reader calls it, and its scrolling frame. */
  readonly name: string
  /** The heads of the columns; numbers stand to the right. */
  readonly heads: readonly (string | { readonly number: string })[]
  /** Its own class, where it looks like no other. */
  readonly looks?: string
  /** Its rows. */
  readonly children: ReactNode
}

/** Wider than a phone, it scrolls by itself, also from the keyboard. */
export function Table({ name, heads, looks, children }: TableParts) {
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={name}>
      <table className={looks === undefined ? 'data' : `data ${looks}`}>
        <thead>
          <tr>
            {heads.map((head) =>
              typeof head === 'string' ? (
                <th scope="col" key={head}>
                  {head}
                </th>
              ) : (
                <th scope="col" className="number" key={head.number}>
                  {head.number}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}
