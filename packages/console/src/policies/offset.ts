/** Where a line and column, both from 1, lie in a text; its end if there is no such place. */
export function offsetOf(text: string, line: number, column: number): number {
  const before = text
    .split('\n')
    .slice(0, line - 1)
    .reduce((sum, each) => sum + each.length + 1, 0)
  return Math.min(text.length, before + column - 1)
}
