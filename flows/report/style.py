"""How the page looks, on a screen, on a telephone and on paper."""

STYLE = """
body{font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;color:#1b1b1b;background:#fff;max-width:62rem;
margin:1.5rem auto;padding:0 1rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .4rem}
h2{font-size:1.2rem;line-height:1.35;margin:0 0 .7rem}
section{margin:2.4rem 0 0;padding-top:1rem;border-top:2px solid #1b1b1b}
nav a{color:#1f4e79;margin-right:1rem}
.wide{overflow-x:auto;margin:.8rem 0}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:.2rem 0}
th,td{text-align:right;padding:.28rem .55rem;border-bottom:1px solid #d0d0d0;vertical-align:top}
thead th{border-bottom:1px solid #1b1b1b;vertical-align:bottom}
tbody th{font-weight:500}
.text{text-align:left;overflow-wrap:break-word}
td:not(.text),tbody th{white-space:nowrap}
.note{color:#444;font-size:.85rem}
.warn{background:#fff3df;border-left:5px solid #b35c00;padding:.1rem .9rem;margin:1rem 0}
.chart{width:100%;margin:.6rem 0}
.chart svg{max-width:100%;height:auto}
@media print{body{font-size:11pt;max-width:none;margin:0}nav{display:none}section{break-inside:avoid}
.wide{overflow:visible}.warn{border:1px solid #b35c00}}
"""
