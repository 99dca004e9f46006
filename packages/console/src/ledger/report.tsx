import type { LedgerReport } from '@countersign/core/verify'
import { count, counted } from '../words/words.ts'

/** What was found. It never says more than that the entries add up. */
export function Report({ report: { size, root, problems, furtherProblems, counts } }: { report: LedgerReport }) {
  if (problems.length > 0) {
    return (
      <div className="trouble">
        <strong>This ledger does not add up.</strong>
        <ul>
          {problems.slice(0, 20).map(({ index, says }, at) => (
            <li key={at}>
              {index !== undefined && <span className="mono">entry {index}: </span>}
              {says}
            </li>
          ))}
        </ul>
        {problems.length + furtherProblems > 20 && <p>and {count(problems.length + furtherProblems - 20)} more.</p>}
      </div>
    )
  }
  return (
    <div className="verified">
      <p>
        <b>✓ {counted(size, 'entry', 'entries')} add up</b> to the signed root <span className="mono">{root}</span>
      </p>
      <details>
        <summary>What is in it</summary>
        <table className="data">
          <tbody>
            {Object.entries(counts)
              .toSorted(([, one], [, other]) => other - one)
              .map(([type, times]) => (
                <tr key={type}>
                  <td className="mono">{type}</td>
                  <td className="number">{count(times)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </details>
    </div>
  )
}

/** Beside every verdict, what it is worth. */
export function Proves() {
  return (
    <div className="proves">
      <div>
        <h3>What it proves</h3>
        <ul>
          <li>Every entry is there, in order and unaltered, under a root that the log’s key signed.</li>
          <li>
            The entries tell a sound story: nothing ran without a permit, no approval was spent twice, nobody approved
            their own.
          </li>
          <li>If this browser verified it before: none of that was changed or removed since.</li>
        </ul>
      </div>
      <div>
        <h3>What it does not prove</h3>
        <ul>
          <li>That others are shown the same ledger: no witness outside has signed this head (unanchored).</li>
          <li>That the newest entries are not held back.</li>
          <li>
            That this page is honest: it comes from the deployment that it checks. Whoever must not trust that uses the
            command line with a key from elsewhere.
          </li>
        </ul>
      </div>
    </div>
  )
}
