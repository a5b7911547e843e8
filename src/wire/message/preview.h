// preview.h: the first words of a message (RFC 8970), as a list of messages shows them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "wire/message/digest.h"

namespace posta::wire::message {

// At most `characters` characters of `part`'s text, on one line, blanks collapsed. `octets` is the
// beginning of the part's body, still encoded.
std::string preview_of(const Part& part, std::string_view octets, std::size_t characters);

// What a reader would see of HTML, roughly: no tags, no style, no script, entities decoded. Not for
// display as HTML, and not a sanitiser. Reads until `characters` characters are found.
std::string text_of_html(std::string_view utf8, std::size_t characters);

}  // namespace posta::wire::message
