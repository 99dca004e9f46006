/**
 * Figures as a picture: a bar for each row, and a line from the least to the most that it was; paler for what stands
 * beside the instance. Plain SVG, readable on light and dark.
 *
 * @module
 */
import { type Picture, type Row, spreadOf } from './measure.ts'
import { digits } from './report.ts'

const width = 760
const left = 300
const right = 90
const barHeight = 16
const step = 24
const top = 44

/** Undefined where no row has the figure. */
export function draw({ title, figure }: Picture, rows: readonly Row[]): string | undefined {
  const bars = rows.flatMap((row) => {
    const spread = spreadOf(row, figure)
    const others = rows.filter(({ what, side }) => what === row.what && side !== row.side)
    const beside = others.some(isOurs) && !isOurs(row)
    return spread ? [{ ...spread, beside, label: others.length > 0 ? `${row.what}, ${row.side}` : row.what }] : []
  })
  if (bars.length === 0) return undefined
  const most = Math.max(...bars.map(({ max }) => max))
  const x = (value: number) => left + ((width - left - right) * value) / most
  const height = top + bars.length * step + 12
  const drawn = bars.map(({ label, beside, median, min, max }, index) => {
    const y = top + index * step
    const middle = y + barHeight / 2
    return `<text x="${left - 10}" y="${middle + 4}" text-anchor="end">${escape(label)}</text>
<rect${beside ? ' class="beside"' : ''} x="${left}" y="${y}" width="${round(Math.max(1, x(median) - left))}" height="${barHeight}" rx="2"/>
<path d="M${round(x(min))} ${middle}H${round(x(max))}"/>
<text x="${round(x(max)) + 8}" y="${middle + 4}">${digits(median)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">
<style>text{font:12px system-ui,sans-serif;fill:#3b4252}.title{font-size:14px;font-weight:600}rect{fill:#4c78a8}.beside{fill:#b9c3cf}path{stroke:#1f2937;stroke-width:1.5}
@media(prefers-color-scheme:dark){text{fill:#d8dee9}rect{fill:#6b9bd1}.beside{fill:#56616f}path{stroke:#e5e9f0}}</style>
<text class="title" x="10" y="24">${escape(title)}</text>
${drawn.join('\n')}
</svg>
`
}

const isOurs = ({ side }: Row): boolean => side.startsWith('Countersign')

const round = (value: number): number => Math.round(value * 10) / 10

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
