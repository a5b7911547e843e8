#include "directory/fold.h"

#include "base/text.h"

namespace posta::directory {
namespace {

struct Pair {
  std::string_view a;
  std::string_view b;
  bool same = false;
};

TEST(Fold, DecidesWhichLocalPartsAreTheSame) {
  constexpr Pair kPairs[] = {
      {.a = "ann", .b = "ANN", .same = true},
      {.a = "ann", .b = "ann.", .same = false},
      {.a = "Straße", .b = "STRASSE", .same = true},
      {.a = "\u00e9", .b = "e\u0301", .same = true},  // composed and decomposed
      {.a = "\u00c9", .b = "e\u0301", .same = true},
      {.a = "\u00e9", .b = "e", .same = false},
      {.a = "ΣΊΣΥΦΟΣ", .b = "σίσυφος", .same = true},  // the final sigma
      {.a = "ДМИТРИЙ", .b = "дмитрий", .same = true},
      {.a = "I", .b = "ı", .same = false},          // no Turkic rules
      {.a = "Ａnn", .b = "Ann", .same = false},     // full width stays apart
      {.a = "аnn", .b = "ann", .same = false},      // a Cyrillic a
      {.a = "a\xff", .b = "A\xff", .same = true},   // not UTF-8
      {.a = "a\xe9", .b = "a\xc9", .same = false},  // nor guessed to be Latin-1
  };
  for (const auto& [a, b, same] : kPairs)
    EXPECT_EQ(fold_local(a) == fold_local(b), same) << a << " / " << b;
}

TEST(Fold, TheCanonicalFormFoldsToTheSameAndIsItsOwnCanonicalForm) {
  for (std::string_view local : {"Ann.Smith", "Straße", "E\u0301TIENNE", "ΣΊΣΥΦΟΣ", "İstanbul", "ǅ",
                                 "ﬃ", "\u0345Α", "ᾳ", "a\xff", "o'Brien+X"}) {
    std::string canonical = canonical_local(local);
    EXPECT_EQ(fold_local(canonical), fold_local(local)) << local;
    EXPECT_EQ(canonical_local(canonical), canonical) << local;
  }
  EXPECT_EQ(canonical_local("GRÜSSE"), "grüsse");
  EXPECT_EQ(canonical_local("Straße"), "straße");
}

}  // namespace
}  // namespace posta::directory
