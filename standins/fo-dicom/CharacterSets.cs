using System.Text;

namespace FellowOakDicom;

/// <summary>Character sets by their defined term (PS3.3 C.12.1.1.2); unknown terms and code extensions fall back to ASCII.</summary>
internal static class CharacterSets
{
    internal static Encoding Of(string term)
    {
        string first = (term ?? "").Split('\\')[0].Trim();
        return first switch
        {
            "ISO_IR 192" => Encoding.UTF8,
            "ISO_IR 100" => Encoding.Latin1,
            "ISO_IR 101" => Page(28592),
            "ISO_IR 109" => Page(28593),
            "ISO_IR 110" => Page(28594),
            "ISO_IR 144" => Page(28595),
            "ISO_IR 127" => Page(28596),
            "ISO_IR 126" => Page(28597),
            "ISO_IR 138" => Page(28598),
            "ISO_IR 148" => Page(28599),
            "GB18030" => Page(54936),
            _ => Encoding.ASCII,
        };
    }

    private static Encoding Page(int number) => CodePagesEncodingProvider.Instance.GetEncoding(number) ?? Encoding.ASCII;
}
