// transaction.h: the message of a letter that is being written.
#pragma once

#include <string>

#include "mta/intake/intake.h"
#include "mta/seal/submission.h"
#include "wire/message/digest.h"

namespace posta::mta {

// Octets go three ways as they arrive: into the store's body, into the digest, and the first of
// them into `header`, where the Delivered-To fields are read at the end.
struct Transaction::Message {
  explicit Message(DigestBudget& budget) : share(budget) {}

  std::unique_ptr<store::BodyWriter> body;
  std::optional<SubmissionHeader> submission;  // makes the header of a submitted one fit to travel
  wire::message::DigestBuilder digest;
  DigestBudget::Share share;   // for the digest
  std::string header;          // the first octets, at most kHeaderKept
  Octets octets = 0;           // of the message, without our trace fields
  std::optional<Error> error;  // the first write that failed
  bool header_too_long = false;

  Task<Result<>> keep(std::string fit);

  static constexpr std::size_t kHeaderKept = 64 * 1024;
};

}  // namespace posta::mta
