// SPDX-License-Identifier: Apache-2.0
#include "io/html_parts.hpp"

namespace twin::io {

// Series colours are the Okabe-Ito set (distinct for colour-blind eyes), darkened or lightened for the two schemes.
std::string_view html_css() {
    return R"css(
:root{--bg:#fbfbfa;--card:#fff;--ink:#1c1f23;--soft:#5d6570;--line:#dfe2e6;--grid:#e9ebee;--good:#0a7048;--goodbg:#e0f3ea;
--bad:#b3261e;--badbg:#fbe6e4;--warn:#8a5a00;--warnbg:#fdf0d5;--calm:#3d4752;--calmbg:#eceff2;--act:#0b5cad;
--s0:#0067a8;--s1:#c75000;--s2:#00845f;--s3:#a8407f;--s4:#8f6f00;--s5:#2a90c9;--s6:#6a3fb0;--s7:#444}
@media(prefers-color-scheme:dark){:root{--bg:#14171a;--card:#1c2024;--ink:#e8eaed;--soft:#a2abb5;--line:#343a41;--grid:#2a2f35;
--good:#6fd6a8;--goodbg:#12382a;--bad:#ff9a90;--badbg:#47201d;--warn:#f2c15c;--warnbg:#3d2f10;--calm:#ccd3da;--calmbg:#2c3238;--act:#7fb8f5;
--s0:#58b4e8;--s1:#f08a45;--s2:#35c79a;--s3:#e191c2;--s4:#d9b93b;--s5:#9bd3f2;--s6:#b79bf0;--s7:#c8c8c8}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header,main,footer{max-width:1180px;margin:0 auto;padding:0 16px}
header{display:flex;align-items:baseline;gap:16px;flex-wrap:wrap;padding-top:14px}
h1{font-size:22px;margin:0}h2{font-size:17px;margin:0;display:inline}h3{font-size:15px;margin:22px 0 6px}
.sum{margin:0}footer{color:var(--soft);padding-top:12px;padding-bottom:40px;font-size:13px}
a{color:var(--act);text-decoration:none}a:hover{text-decoration:underline}
code{font:12.5px/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
pre{font:12px/1.4 ui-monospace,Menlo,Consolas,monospace;overflow:auto;max-height:420px;background:var(--calmbg);padding:10px;border-radius:6px}
.quiet{color:var(--soft);font-size:13px}.why{color:var(--soft);max-width:75ch;margin:6px 0 10px}
.alarm{background:var(--badbg);color:var(--bad);padding:8px 12px;border-radius:6px}
.note{background:var(--warnbg);color:var(--warn);padding:8px 12px;border-radius:6px}
.scroll{overflow-x:auto;margin:6px 0 10px}
table{border-collapse:collapse;width:100%;font-size:14px}
th{text-align:left;font-weight:600;color:var(--soft);font-size:12.5px;white-space:nowrap}
th,td{padding:6px 10px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}
td.num,th.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tr.implicit{opacity:.78}tr.differs td{background:var(--warnbg)}
.badge{display:inline-block;padding:1px 8px;border-radius:10px;font-size:12.5px;font-weight:600;white-space:nowrap}
.good{background:var(--goodbg);color:var(--good)}.bad{background:var(--badbg);color:var(--bad)}
.warn{background:var(--warnbg);color:var(--warn)}.calm{background:var(--calmbg);color:var(--calm)}
.bar{display:block;height:4px;width:84px;background:var(--calmbg);border-radius:2px;margin:5px 0 0 auto;overflow:hidden}
.bar i{display:block;height:100%}.bar.pos i{background:var(--good)}.bar.thin i{background:var(--warn)}.bar.neg i{background:var(--bad)}
details.run{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:0 16px;margin:14px 0}
details.run[open]{padding-bottom:14px}
details.run>summary{padding:11px 0;cursor:pointer}details.run>summary .title{color:var(--soft);margin-left:8px}
details details>summary{cursor:pointer;padding:7px 0;font-weight:600;font-size:14px}
.story{list-style:none;margin:0;padding:0;font-size:14px;max-height:460px;overflow-y:auto;border-left:2px solid var(--line)}
.story li{display:grid;grid-template-columns:150px 1fr;gap:12px;padding:3px 0 3px 12px}
.story li.calm,.story li.bad,.story li.warn{background:none;color:inherit}
.story .when{text-align:right;font-variant-numeric:tabular-nums}.story .when small{display:block;color:var(--soft)}
.story em{font-style:normal;font-weight:600;font-size:12.5px}.story li.bad em{color:var(--bad)}.story li.act em{color:var(--act)}
.story li.warn em{color:var(--warn)}.story li.calm em{color:var(--soft)}
.story .val{font-weight:600}.story .src{color:var(--soft)}
.story .num{display:inline-block;min-width:18px;text-align:center;font-size:11px;line-height:16px;border:1px solid var(--soft);border-radius:9px;margin-right:4px;color:var(--soft)}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:10px 18px}
figure{margin:0;min-width:0;position:relative}svg{display:block;width:100%;height:auto;touch-action:pan-y}
figcaption{font-size:12.5px;color:var(--soft);padding-left:10%}.key{display:inline-block;margin-right:12px;overflow-wrap:anywhere}
.key i{display:inline-block;width:14px;height:3px;border-radius:2px;margin-right:5px;vertical-align:middle}
.key b{font-variant-numeric:tabular-nums;color:var(--ink);margin-left:4px}
.grid{stroke:var(--grid);fill:none}.tick,.unit,.lane,.marktext,.boundtext{font-size:11px;fill:var(--soft)}.lane{fill:var(--ink)}
.unit{font-weight:600}.mark{stroke:var(--soft);stroke-dasharray:1 3;fill:none}.marktext{font-size:9px}
.bound{stroke:var(--bad);stroke-dasharray:5 4;fill:none}.boundtext{fill:var(--bad);font-size:10px}
.cursor{stroke:var(--ink);stroke-width:.7;fill:none}
.line{fill:none;stroke-width:1.5;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.l0{stroke:var(--s0)}.l1{stroke:var(--s1)}.l2{stroke:var(--s2)}.l3{stroke:var(--s3)}.l4{stroke:var(--s4)}.l5{stroke:var(--s5)}.l6{stroke:var(--s6)}.l7{stroke:var(--s7)}
.s0{background:var(--s0)}.s1{background:var(--s1)}.s2{background:var(--s2)}.s3{background:var(--s3)}.s4{background:var(--s4)}.s5{background:var(--s5)}.s6{background:var(--s6)}.s7{background:var(--s7)}
@media(max-width:620px){body{font-size:14px}.story li{grid-template-columns:96px 1fr;gap:8px;padding-left:6px}.story .when{font-size:12.5px}
details.run{padding:0 10px}header,main,footer{padding-left:10px;padding-right:10px}td,th{padding-right:8px}.tick,.unit,.lane{font-size:13px}
details.run>summary .title{display:block;margin:2px 0 0}
.stack thead{display:none}.stack tr{display:flex;flex-wrap:wrap;gap:2px 14px;padding:7px 0;border-bottom:1px solid var(--line)}
.stack td{border:0;padding:0;text-align:left}.stack td:empty{display:none}.stack td.wide{flex-basis:100%;order:-1}
.stack [data-l]::before{content:attr(data-l) " ";color:var(--soft);font-size:12.5px}.stack .bar{margin-left:0}}
@media print{.story{max-height:none}details.run{break-inside:auto}}
)css";
}

// Reading values off a plot: a cursor line and the value of each curve beside its key. Curves are read from their
// paths.
std::string_view html_script() {
    return R"js(
(function(){
function pts(p){if(p.pts)return p.pts;var r=[],x=0,y=0,m,re=/([MLHV])(-?[\d.]+)(?:\s(-?[\d.]+))?/g,d=p.getAttribute('d');
while(m=re.exec(d)){if(m[1]=='H')x=+m[2];else if(m[1]=='V')y=+m[2];else{x=+m[2];y=+m[3]}r.push([x,y])}return p.pts=r}
function at(p,x){var a=pts(p),lo=0,hi=a.length-1;if(!a.length||x<a[0][0]||x>a[hi][0])return null;
while(hi-lo>1){var k=(lo+hi)>>1;if(a[k][0]<=x)lo=k;else hi=k}var u=a[lo],v=a[hi];
return v[0]>u[0]?u[1]+(v[1]-u[1])*(x-u[0])/(v[0]-u[0]):v[1]}
document.querySelectorAll('figure[data-y]').forEach(function(f){
var s=f.querySelector('svg'),y=f.dataset.y.split(' ').map(Number),t=f.dataset.t.split(' '),keys=f.querySelectorAll('.key'),ls=f.querySelectorAll('.line'),c=null;
function off(){if(c){c.remove();c=null}keys.forEach(function(k){var b=k.querySelector('b');if(b)b.remove()});f.querySelectorAll('.now').forEach(function(n){n.remove()})}
s.addEventListener('pointermove',function(e){off();var b=s.getBoundingClientRect(),x=(e.clientX-b.left)/b.width*s.viewBox.baseVal.width;
if(x<+t[0]||x>+t[1])return;c=document.createElementNS(s.namespaceURI,'path');c.setAttribute('class','cursor');c.setAttribute('d','M'+x+' 20V'+y[0]);s.appendChild(c);
var n=document.createElementNS(s.namespaceURI,'text');n.setAttribute('class','tick now');n.setAttribute('y',y[0]+27);n.setAttribute('x',(+t[0]+ +t[1])/2);n.setAttribute('text-anchor','middle');
n.textContent=(+t[2]+(x-t[0])/(t[1]-t[0])*(t[3]-t[2])).toPrecision(6)+' '+t[4];s.appendChild(n);
ls.forEach(function(l,i){var v=at(l,x);if(v===null||!keys[i])return;var k=document.createElement('b');k.textContent=(y[1]+(y[0]-v)*y[2]).toPrecision(4);keys[i].appendChild(k)})});
s.addEventListener('pointerleave',off)});
function open(){var h=decodeURIComponent(location.hash.slice(1)),d=h&&document.getElementById(h);if(d){d.open=true;d.scrollIntoView()}}
addEventListener('hashchange',open);open();
})();
)js";
}

}  // namespace twin::io
