// seal.h: what posta itself writes on a letter: trace fields, and the header of its own letters.
//
// Once per letter, at admission (RFC 5321 §4.4). Pure: time and names come as values.
#pragma once

#include <string>

#include "mail/letter.h"

namespace posta::mta {

// The Received field of a letter that we accept (RFC 5321 §4.4, RFC 3848), folded, ends in CRLF.
// `for` is said only when there is one recipient, so that nobody learns of others.
std::string received_field(const Letter& letter, const Domain& host);

// The fields a recipient's own copy begins with (RFC 5321 §4.4 Return-Path; Delivered-To for loops;
// X-Original-To when an alias was followed). CRLF lines.
std::string delivery_fields(const ReversePath& from, const Address& delivered_to,
                            const Address& original);

}  // namespace posta::mta
