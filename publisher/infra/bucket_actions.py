"""Actions of S3 by which a bucket itself is changed, or written to past its conditions."""

from __future__ import annotations

# By each of these whoever may can undo the rest, keep the edge out, or learn what is released
# (Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3").
SETTINGS = (
    *("s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:DeleteBucketWebsite", "s3:PutBucketAcl"),
    *("s3:PutBucketCORS", "s3:PutBucketLogging", "s3:PutBucketNotification"),
    *("s3:PutBucketObjectLockConfiguration", "s3:PutBucketOwnershipControls"),
    *("s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketRequestPayment"),
    *("s3:PutBucketTagging", "s3:PutBucketVersioning", "s3:PutBucketWebsite"),
    *("s3:PutAccelerateConfiguration", "s3:PutAnalyticsConfiguration"),
    *("s3:PutEncryptionConfiguration", "s3:PutIntelligentTieringConfiguration"),
    *("s3:PutInventoryConfiguration", "s3:PutLifecycleConfiguration"),
    *("s3:PutMetricsConfiguration", "s3:PutReplicationConfiguration"),
)
# What replication from another bucket writes by: none of it asks for s3:PutObject.
REPLICATES = ("s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags")
