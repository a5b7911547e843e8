// certificate.h: the certificate of simulated houses: always the same, so that one seed is one run.
//
// mx.example.org, signed by itself, ECDSA P-256, good from 2025 to 2125. Worth nothing elsewhere.
#pragma once

namespace posta::world {

inline constexpr char kCertificatePem[] = R"(
-----BEGIN CERTIFICATE-----
MIIBkjCCATmgAwIBAgICWhcwCgYIKoZIzj0EAwIwGTEXMBUGA1UEAwwObXguZXhh
bXBsZS5vcmcwIBcNMjUwMTAxMDAwMDAwWhgPMjEyNTAxMDEwMDAwMDBaMBkxFzAV
BgNVBAMMDm14LmV4YW1wbGUub3JnMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
G0+NoPC1goGAv9mYiryshkezvasjQ+rPfpEfWO6grX98BLazFniC40N385wndjVe
Min3KoAMwlB4w3DW1mls96NvMG0wGQYDVR0RBBIwEIIObXguZXhhbXBsZS5vcmcw
DAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUH
AwEwHQYDVR0OBBYEFNqgAuS0HABntGqeuiR9tqRVf63BMAoGCCqGSM49BAMCA0cA
MEQCIBcdTV0tyuvk8At8pqZfnFcuKLq9OJaB4I93cVLItBC3AiBTZpZNm/DJdiPK
h7ivHET7JVkygx24HxvzzNgAHWYMUQ==
-----END CERTIFICATE-----
)";

inline constexpr char kKeyPem[] = R"(
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgM6kTf8rlvKAAPiVg
CeYU60TRi88tnD6G9ThCeZBGMGWhRANCAAQbT42g8LWCgYC/2ZiKvKyGR7O9qyND
6s9+kR9Y7qCtf3wEtrMWeILjQ3fznCd2NV4yKfcqgAzCUHjDcNbWaWz3
-----END PRIVATE KEY-----
)";

}  // namespace posta::world
