using System.Text;

namespace Acquire.Simulator.Faults;

/// <summary>docs/simulator-faults.md, written from the catalogue.</summary>
internal static class FaultDocument
{
    /// <summary>The whole document, Markdown, LF line ends.</summary>
    public static string Markdown()
    {
        var text = new StringBuilder("""
            <!-- Generated: acquire-sim --help-faults. Do not edit. -->
            # Faults of the simulated gantry

            `acquire-sim --faults PORT` opens a port of its own for them: it is no part of GCI and works whatever the control connection suffers. A line in, a line out:

                once NAME        the next moment it can happen; a standing fault stands for 1 s of gantry time
                on NAME          until it is switched off
                after N NAME     passes over N moments and then happens once; a standing fault comes N s of gantry time from now and stays
                off [NAME]       off; without a name all
                status           what is on or due, ended by a line with a full stop
                list             all names, ended by a line with a full stop

            The answer is `ok` or `error: ...`. `DIAG:SIM:FAULt "NAME",ON|OFF[,N]` does the same over GCI: ON of a standing fault is `on`, ON of one that happens at moments is `once`
            (with N `after N`). A moment is a reply for the wire's faults, a frame reply for frames, an event for `event.gap`.

            """.ReplaceLineEndings("\n"));
        foreach (IGrouping<string, Fault> family in FaultCatalogue.All.GroupBy(f => f.Family))
        {
            text.Append("\n## ").Append(family.Key).Append("\n\n| Name | Lasts | What happens | What a client sees |\n|---|---|---|---|\n");
            foreach (Fault f in family)
                text.Append("| `").Append(f.Name).Append("` | ").Append(f.Stands ? "stands" : "moments").Append(" | ").Append(f.Does).Append(" | ").Append(f.Shows.Replace("|", "\\|", StringComparison.Ordinal)).Append(" |\n");
        }
        return text.ToString();
    }
}
