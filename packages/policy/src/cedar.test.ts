import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

/** Optimised code that calls Cedar is taken back by V8 in the middle of the call. */
const program = `
  import { openCedar } from ${JSON.stringify(new URL('./cedar.ts', import.meta.url).href)}
  const cedar = openCedar()
  const [prepare, optimise, takeBack] = ['PrepareFunctionForOptimization', 'OptimizeFunctionOnNextCall', 'DeoptimizeFunction']
    .map((name) => new Function('f', '%' + name + '(f)'))
  const text = 'permit(principal, action, resource);'
  const check = (policies) => cedar.checkParsePolicySet(policies)
  const both = [check, cedar.checkParsePolicySet]
  both.forEach(prepare)
  for (let round = 0; round < 300; round += 1) check({ staticPolicies: text })
  for (let round = 0; round < 20; round += 1) {
    both.forEach(optimise)
    check({ staticPolicies: text })
    check({ get staticPolicies() { return both.forEach(takeBack), text } })
  }
  console.log('alive')`

it('a call into Cedar outlives that V8 takes back the code around it', async () => {
  const args = ['--allow-natives-syntax', '--import', 'tsx', '--input-type=module', '-e', program]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  expect(stdout).toBe('alive\n')
})
