"""The bucket's settings, its policy, and what lies in it.

keeping, exposure   where it is, what it keeps and how long; who gets at it without a policy
policy              what its policy lets whom do, tried by requests
requests            of somebody the policy does not name; edge_requests: of CloudFront
denials, openings   what must be denied to all; who may delete or change what boards need
excepted            whom denials may spare: whoever deploys
files               no key in it, under any product or beside them
"""
