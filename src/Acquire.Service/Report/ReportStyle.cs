namespace Acquire.Service.Report;

/// <summary>The one style sheet of the reports: light and dark, screen and print, nothing from outside.</summary>
internal static class ReportStyle
{
    /// <summary>Content of the style element.</summary>
    public const string Css = """
        :root{--bg:#fff;--fg:#1c2024;--dim:#5a6570;--line:#d5dae0;--card:#f5f7f9;--accent:#0b5394;
          --pass:#0a6b4e;--warn:#8a5300;--fail:#b3261e;--err:#6b2fa0;--none:#5a6570;
          --passbg:#e2f3ec;--warnbg:#fdf0d9;--failbg:#fbe4e2;--errbg:#efe4f8;--nonebg:#eceff2;
          --s1:#0072B2;--s2:#D55E00;--s3:#009E73;--s4:#CC79A7;--window:#cfe1f1}
        @media(prefers-color-scheme:dark){:root{--bg:#14181c;--fg:#e6eaee;--dim:#a3adb8;--line:#343c45;--card:#1d2329;--accent:#7db8ec;
          --pass:#6fd6ae;--warn:#f2b95f;--fail:#ff9a92;--err:#cfa3f5;--none:#a3adb8;
          --passbg:#12392c;--warnbg:#43300d;--failbg:#4a1b18;--errbg:#35204a;--nonebg:#2a3037;
          --s1:#56B4E9;--s2:#F0894A;--s3:#3fd0a6;--s4:#e3a6c7;--window:#27445e}}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:24px;max-width:1240px;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,"Segoe UI","DejaVu Sans",sans-serif}
        h1{font-size:1.6rem;margin:0 0 4px}h2{font-size:1.2rem;margin:36px 0 10px;padding-bottom:4px;border-bottom:2px solid var(--line)}h3{font-size:1rem;margin:18px 0 8px}
        p{margin:6px 0}.dim,figcaption,small{color:var(--dim)}
        header{display:flex;gap:24px;justify-content:space-between;align-items:flex-start;flex-wrap:wrap}
        dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:8px 0}dl.facts dt{color:var(--dim)}dl.facts dd{margin:0}
        .banner{background:var(--warnbg);color:var(--warn);border:1px solid currentColor;border-radius:6px;padding:8px 14px;margin:14px 0;font-weight:600}
        .verdict{display:inline-block;white-space:nowrap;border-radius:4px;padding:1px 9px;font-weight:700}
        .big{font-size:1.3rem;padding:6px 18px}
        .v1{color:var(--pass);background:var(--passbg)}.v2{color:var(--warn);background:var(--warnbg)}.v3{color:var(--fail);background:var(--failbg)}.v4{color:var(--err);background:var(--errbg)}.v0{color:var(--none);background:var(--nonebg)}
        table{border-collapse:collapse;width:100%;margin:8px 0}th,td{text-align:left;vertical-align:top;padding:6px 10px;border-bottom:1px solid var(--line)}th{color:var(--dim);font-weight:600;font-size:.86rem}
        td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
        .action{margin-top:4px}.action b{color:var(--accent)}
        ul.todo{list-style:none;padding:0;margin:8px 0}ul.todo li{margin:6px 0}
        .row{display:flex;flex-wrap:wrap;gap:14px;align-items:flex-start}
        figure{margin:0}figcaption{font-size:.82rem;line-height:1.35;margin-top:3px}
        .frame{position:relative;display:inline-block;line-height:0;border:1px solid var(--line);max-width:100%}
        .frame img{display:block;max-width:100%;height:auto}.px{image-rendering:pixelated}
        .lab{position:absolute;line-height:1;font-size:12px;font-weight:700;padding:2px 4px;color:#fff;background:rgba(0,0,0,.55);border-radius:3px}
        .lab.l{left:3px;top:calc(50% - 8px)}.lab.r{right:3px;top:calc(50% - 8px)}.lab.t{top:3px;left:calc(50% - 8px)}.lab.b{bottom:3px;left:calc(50% - 8px)}
        .charts{display:grid;margin-top:12px;grid-template-columns:repeat(auto-fill,minmax(min(100%,480px),1fr));gap:14px}
        svg.chart{width:100%;height:auto;background:var(--card);border-radius:6px}
        svg text{font-family:inherit}.ct{font-size:13px;font-weight:600;fill:var(--fg,#222)}.cl{font-size:11px;fill:var(--dim,#555)}.cg{stroke:var(--line,#ccc);stroke-width:.7}.cm{stroke:var(--fail,#b3261e);stroke-width:1.2;stroke-dasharray:4 3}
        .cine{overflow:hidden;border:1px solid var(--line);line-height:0}.cine img{display:block;max-width:none;height:100%;animation-name:cine;animation-iteration-count:infinite}
        @keyframes cine{to{transform:translateX(-100%)}}
        @media(prefers-reduced-motion:reduce){.cine img{animation:none}}
        .slices{display:grid;grid-template-columns:repeat(3,max-content);gap:10px 14px;align-items:start;overflow-x:auto}
        @media print{body{max-width:none;padding:0;font-size:11px}.noprint{display:none}h2{break-after:avoid}figure,tr,svg{break-inside:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
        """;
}
