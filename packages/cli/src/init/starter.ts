/**
 * The policies that a deployment begins with: reads run, everything else waits for one person. They pass their checks,
 * and their cases decide each of them.
 *
 * @module
 */

/** `policies/starter.cedar` and the files beside it; `approvers` is the group that answers. */
export const starterPolicies = (approvers: string): Readonly<Record<string, string>> => ({
  'starter.cedar': `// What agents may do here. Written by \`countersign init\`, and yours from now on: a change is in force as soon as
// it passes its checks. \`countersign policy check policies\` and \`countersign policy test policies\` try them.
//
// A permit allows: without one the answer is no. A forbid with @approve waits for people, who can lift it. A plain forbid
// is lifted by nobody.

@id("reads") @owner("${approvers}")
@doc("Every agent may read.")
permit (principal, action in Action::"reads", resource);

@id("work") @owner("${approvers}")
@doc("Every agent may ask to change things, to send data out, and to call tools and services. What of it waits stands below.")
permit (
  principal,
  action in [Action::"changes", Action::"calls", Action::"data.export", Action::"model.train"],
  resource
);

@id("changes-signoff") @owner("${approvers}")
@doc("What changes something, or may, needs one person of ${approvers}.")
@approve("1 of ${approvers}") @timeout("30m")
forbid (principal, action, resource)
unless { action in [Action::"reads", Action::"data.export"] }
unless {
  // A plain GET of a service changes nothing. Take this out if yours are not like that.
  action in Action::"http.call" &&
  (context.operation like "GET *" || context.operation like "*: GET *" ||
   context.operation like "HEAD *" || context.operation like "*: HEAD *")
};

@id("exports-signoff") @owner("${approvers}")
@doc("Data that is sent somewhere needs one person of ${approvers}.")
@approve("1 of ${approvers}") @timeout("30m")
forbid (principal, action in Action::"data.export", resource);

// What nobody can approve. This one keeps personal and secret data in: it needs datasets and destinations in registry.yaml.
//
// @id("sensitive-data-stays") @owner("${approvers}")
// @doc("Personal and secret data never leaves.")
// forbid (principal, action in Action::"data.export", resource)
// when { context.lineage.classes.containsAny(["pii", "phi", "secret"]) }
// unless { context has destination && !context.destination.outside };
`,
  'cases.yaml': `# Read each as: given this, expect that. \`countersign policy test policies\` tries them; every policy has to decide one.
agents:
  my-agent: { groups: [], owner: its-owner, team: ${approvers} }

cases:
  - name: Reading a file runs at once
    given: { agent: my-agent, verb: file.read, resource: file notes.md, environment: prod }
    expect: allow
  - name: A GET of a service runs at once
    given:
      agent: my-agent
      verb: http.call
      gateway: http
      operation: GET my-api
      resource: unknown my-api/items
      effect: read
      environment: prod
    expect: allow
  - name: A POST waits
    given:
      agent: my-agent
      verb: http.call
      gateway: http
      operation: POST my-api
      resource: unknown my-api/items
      environment: prod
    expect: { ask: [changes-signoff] }
  - name: So does a tool of which nobody said what it does
    given: { agent: my-agent, verb: tool.call, resource: tool my-server/do_it, environment: prod }
    expect: { ask: [changes-signoff] }
  - name: So does writing a file, also outside production
    given: { agent: my-agent, verb: file.write, resource: file notes.md }
    expect: { ask: [changes-signoff] }
  - name: Sending data away waits
    given: { agent: my-agent, verb: data.export, resource: dataset my.data, destination: somewhere.example, rows: 10 }
    expect: { ask: [exports-signoff] }
`,
  'registry.yaml': `# What Countersign knows of your data, models and destinations. Its words are yours, never an agent's.
# Every key: docs/configuration.md, "registry".

# What data that is not listed counts as.
unknownClass: confidential

# Groups whose members may approve. Policies may name these and no others.
groups: [${approvers}]

# datasets:
#   sales.orders: { domain: sales, classes: [financial] }
#   crm.people:
#     domain: crm
#     classes: [pii]
#     columns: { email: [pii], country: [internal] }
# destinations:
#   reports.example.com: { outside: false }
#   partner-sftp: { outside: true }
# models:
#   our-own: { external: false }
`,
})
