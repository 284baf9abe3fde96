using System.Globalization;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry.Behaviours;

/// <summary>CT and the interlock.</summary>
internal static class CtBehaviours
{
    public static void AddTo(BehaviourSet set)
    {
        set.Set("CT:ID", c =>
        {
            Guid id = Guid.Parse(c.Text(0));
            if (c.Gantry.Store.Find(id) is not null) throw new GciException(430, "used already");
            c.Gantry.Settings.Set(c.Row.Header, 0, c.Arguments);
            c.Gantry.Ct.ClearConfirmation();
            c.Session.Selected = id;
        });
        set.Query("CT:ID", c => GciText.Quote(c.Gantry.Ct.ConfiguredId?.ToString("D") ?? ""));
        set.Query("CT:DOSE", c =>
        {
            (double ctdi, double dlp) = c.Gantry.Ct.Dose();
            return GciText.Number(ctdi) + "," + GciText.Number(dlp);
        });
        set.Set("CT:DOSE:CONFirm", c => c.Gantry.Ct.Confirm(c.Number(0), c.Number(1)));
        set.Set("CT:WARMup", c => c.Gantry.Ct.WarmUp(c.Text(0)));
        set.Set("CT:ARM", c => c.Gantry.Ct.Arm());
        set.Set("CT:EXPose:STARt", c => c.Gantry.Ct.Expose(c.Text(0)));
        set.Set("CT:EXPose:STOP", c => c.Gantry.Ct.Stop("STOP"));
        set.Query("CT:STATe", c => string.Join(',', GciStates.Word(c.Gantry.Ct.State), c.Gantry.Ct.HeatPercent.ToString("0.#", CultureInfo.InvariantCulture), GciText.Number(Math.Round(c.Gantry.Ct.SecondsLeft, 3))));
        set.Query("INTerlock:STATe", c => c.Gantry.Interlock + "," + ((int)c.Gantry.Chain.Bits).ToString(CultureInfo.InvariantCulture));
        set.Query("INTerlock:CAUSe", c => c.Gantry.Chain.Causes);
        set.Set("INTerlock:RESet", c => c.Gantry.ResetInterlock());
    }
}
