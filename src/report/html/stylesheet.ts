/** Light and dark by the system's setting, or by the switch; colours reach WCAG AA on the grounds that they stand on. */
export const STYLESHEET = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#ffffff, #14171c);
  --panel: light-dark(#f4f6f8, #1d2229);
  --text: light-dark(#1b1f24, #e6e9ee);
  --muted: light-dark(#535b66, #a7b0bc);
  --line: light-dark(#d0d6dd, #3a424d);
  --strong-line: light-dark(#828c98, #77828f);
  --link: light-dark(#0a55b0, #84bcff);
  --fault: light-dark(#b0141d, #ff918c);
  --fault-ground: light-dark(#fdeeee, #3a1d1f);
  --risk: light-dark(#855000, #f1b75a);
  --risk-ground: light-dark(#fdf4e3, #362b17);
  --ok: light-dark(#11693a, #74d69b);
  --ok-ground: light-dark(#eaf7ef, #17301f);
  --request: light-dark(#0a55b0, #84bcff);
  --reply: light-dark(#7636a6, #d3a4f7);
  --on-colour: light-dark(#ffffff, #14171c);
}
:root[data-theme='light'] { color-scheme: light; }
:root[data-theme='dark'] { color-scheme: dark; }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto;
  max-width: 76rem;
  padding: 0 1rem 2rem;
  background: var(--ground);
  color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif;
  overflow-wrap: anywhere;
}
[hidden] { display: none !important; }
.hidden, .skip:not(:focus) {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
.skip:focus { position: absolute; padding: 0.5rem; background: var(--ground); }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
h1, h2, h3, h4, p, dl, ol, ul, figure { margin: 0 0 0.75rem; }
h1 { font-size: 1.5rem; line-height: 1.3; margin-bottom: 0.5rem; }
h2 { font-size: 1.3rem; line-height: 1.3; }
h3 { font-size: 1.05rem; margin-top: 1.5rem; }
h4 { font-size: 1rem; }
code, pre, .mono, .place { font-family: ui-monospace, 'DejaVu Sans Mono', monospace; font-size: 0.85em; }
.place, .remark, figcaption { color: var(--muted); }
.line { display: block; }

header {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0.25rem 1.5rem;
  padding: 0.75rem 0;
  font-size: 0.9rem;
}
header p { margin: 0; }
.product { font-weight: 700; }
nav { flex: 1; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; margin: 0; padding: 0; list-style: none; }
nav a, .more a { display: inline-block; padding: 0.15rem 0; }
fieldset { border: 0; margin: 0; padding: 0; }
fieldset label { margin-right: 0.6rem; white-space: nowrap; }
legend { float: left; margin-right: 0.6rem; padding: 0; color: var(--muted); }
footer { margin-top: 2rem; color: var(--muted); font-size: 0.9rem; }

.verdict {
  margin-bottom: 0.75rem;
  padding: 1rem 1.25rem;
  border: 1px solid var(--line);
  border-left: 8px solid var(--accent);
  border-radius: 4px;
  background: var(--accent-ground);
}
.verdict p { margin-bottom: 0.35rem; }
.verdict p:last-child { margin-bottom: 0; }
.verdict .what { font-size: 1.15rem; font-weight: 600; }
.verdict.caution .what { font-size: 1rem; font-weight: 400; }
.verdict .remedy { font-size: 1.1rem; }
.fault { --accent: var(--fault); --accent-ground: var(--fault-ground); }
.risk, .unclear, .caution { --accent: var(--risk); --accent-ground: var(--risk-ground); }
.ok { --accent: var(--ok); --accent-ground: var(--ok-ground); }
.info { --accent: var(--muted); --accent-ground: var(--panel); }
.tag {
  display: inline-block;
  margin-right: 0.3rem;
  padding: 0.1em 0.5em;
  border-radius: 3px;
  background: var(--accent);
  color: var(--on-colour);
  font-size: 0.75em;
  font-weight: 700;
  letter-spacing: 0.04em;
  text-transform: uppercase;
  vertical-align: 0.08em;
}
td.fault, td.ok, td.risk { color: var(--accent); }

main > section:not(#verdict) { margin-top: 2rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 27.5rem); gap: 1.5rem 2.5rem; align-items: start; }
@media (max-width: 60rem) { .columns { grid-template-columns: minmax(0, 1fr); } }

dl > div { display: grid; grid-template-columns: 7rem minmax(0, 1fr); gap: 0 0.75rem; padding: 0.2rem 0; }
dt { grid-column: 1; color: var(--muted); }
dd { grid-column: 2; margin: 0 0 0.25rem; }
.ruled-out > div { grid-template-columns: 10rem minmax(0, 1fr); }
@media (max-width: 40rem) {
  body { padding: 0 0.75rem 2rem; }
  h1 { font-size: 1.25rem; }
  nav { flex-basis: 100%; order: 1; }
  .commands { flex-direction: column; align-items: stretch; }
  .commands button { align-self: start; }
  .verdict { padding: 0.75rem; }
  dl > div, .ruled-out > div { display: block; }
  .scrolled table { width: max-content; }
  .scrolled td { max-width: 22rem; }
}

.fix { margin-bottom: 1rem; padding: 0.25rem 1rem 0.5rem; border: 1px solid var(--strong-line); border-radius: 4px; background: var(--panel); }
.fix h3 { margin: 0.5rem 0 0.25rem; }
.fix .summary { font-weight: 600; }
.where { margin-bottom: 0.25rem; color: var(--muted); font-size: 0.9rem; }
.commands { display: flex; flex-direction: row-reverse; gap: 0.5rem; align-items: start; margin-bottom: 0.75rem; }
.commands pre {
  flex: 1;
  min-width: 0;
  margin: 0;
  padding: 0.6rem 0.75rem;
  overflow-x: auto;
  border: 1px solid var(--line);
  border-radius: 3px;
  background: var(--ground);
  white-space: pre;
  overflow-wrap: normal;
}
button, select { font: inherit; font-size: 0.9rem; color: inherit; }
button {
  padding: 0.1rem 0.6rem;
  border: 1px solid var(--strong-line);
  border-radius: 3px;
  background: var(--panel);
  cursor: pointer;
}
select { max-width: 14rem; padding: 0.15rem; border: 1px solid var(--strong-line); border-radius: 3px; background: var(--ground); }

.scrolled { margin-bottom: 0.75rem; overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; overflow-wrap: normal; }
caption { padding-bottom: 0.25rem; color: var(--muted); text-align: left; }
th, td { padding: 0.3rem 1rem 0.3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--muted); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; }
.right { text-align: right; font-variant-numeric: tabular-nums; }
summary { cursor: pointer; padding: 0.15rem 0; }
details { margin-bottom: 0.35rem; }
.headers { margin: 0.25rem 0 0.5rem; padding-left: 1.5rem; font-family: ui-monospace, 'DejaVu Sans Mono', monospace; font-size: 0.85rem; }
.loss { color: var(--fault); font-weight: 700; }
#filter { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; margin-bottom: 0.75rem; padding: 0.6rem 0.75rem; border-radius: 4px; background: var(--panel); }
output { color: var(--muted); }

svg { display: block; max-width: 100%; height: auto; }
svg text { fill: var(--text); font: 12.5px system-ui, sans-serif; }
svg text.mono, svg .mono { font: 11.5px ui-monospace, 'DejaVu Sans Mono', monospace; }
svg .name, svg .head { font-weight: 700; }
.request, .client-ack { color: var(--request); }
.reply, .server-ack { color: var(--reply); }
figure { margin: 0; }
figcaption { padding-top: 0.5rem; font-size: 0.9rem; }
.path line, .path path { stroke: currentColor; stroke-width: 2.5; fill: none; }
.path .missing line, .path .missing path { stroke: var(--strong-line); stroke-width: 1.5; stroke-dasharray: 5 5; }
.path .missing path { stroke-dasharray: none; }
.path rect { fill: var(--panel); stroke: var(--strong-line); }
.path .pill rect, .path .router rect { fill: var(--ground); }
.path .pill.missing rect { stroke-dasharray: 5 4; }
.path .fault > rect, .path .claimants rect { stroke: var(--fault); stroke-width: 2.5; }
.path .claimants rect { fill: var(--fault-ground); }
.path .flag, .path .mark text, .ladder .mark text { fill: var(--fault); font-weight: 700; }
.path .chip rect { fill: var(--ground); stroke: currentColor; }
.path .station-name text { paint-order: stroke; stroke: var(--panel); stroke-width: 5px; }
.path .note { fill: var(--muted); font-size: 12px; }
.mark circle { fill: var(--fault); stroke: none; }
.path .mark path { stroke: var(--on-colour); stroke-width: 3; }
.ladder, .timeline { max-width: none; }
.ladder line { stroke: currentColor; stroke-width: 2; }
.ladder .lifeline line { stroke: var(--strong-line); stroke-width: 1; stroke-dasharray: 2 3; }
.ladder text { paint-order: stroke; stroke: var(--ground); stroke-width: 4px; }
.ladder circle { fill: currentColor; }
.ladder .mark path { stroke: var(--fault); stroke-width: 3; }
svg .time { fill: var(--muted); font-variant-numeric: tabular-nums; }
.timeline line { stroke: var(--line); }
.owner-1 { color: var(--request); }
.owner-2 { color: var(--reply); }
.owner-3 { color: var(--ok); }
.owner rect { fill: currentColor; }
.ticks .made { stroke: var(--ok); stroke-width: 3; }
.ticks .failed { stroke: var(--fault); stroke-width: 2.5; fill: none; }
.share { white-space: nowrap; }
.share svg { display: inline-block; }
.share .whole { fill: var(--line); }
.share .part { fill: var(--fault); }

@media print {
  :root, :root[data-theme] { color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, #theme, #filter, .skip, .commands button { display: none; }
  .commands pre { white-space: pre-wrap; }
  .scrolled { overflow: visible; }
  .ladder, .timeline { max-width: 100%; }
  .verdict, .fix, tr, figure, svg { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .verdict, .tag { print-color-adjust: exact; }
}
`;
